/** What the port promises while brokers are killed, stopped and started again, on a broker of its own. */
import { startStack, type Stack } from '@onceline/local-stack';
import { Bench, codeOf, commit, newGroup, record, textOf, unexpected, until } from './conformance/bench.spec.js';
import { connectKafka } from './connect-kafka.js';
import type { Kafka, PartitionTask } from './port.js';

describe('when the broker goes away', () => {
  let stack: Stack;
  const bench = new Bench(async () => {
    stack = await startStack({ postgres: false, exclusive: true });
    const { brokers } = stack.kafka;
    return {
      connect: () => connectKafka({ brokers, clientId: 'outage' }),
      deleteRecords: () => Promise.reject(new Error('not used here')),
      stop: () => stack.stop(),
    };
  });
  beforeAll(() => bench.open(), 120_000);
  afterAll(() => bench.close(), 60_000);
  let stop = false;
  beforeEach(() => void (stop = false));
  afterEach(() => void (stop = true));

  /** A broker in a container takes its time to come back when the machine is busy. */
  const inTime = (what: string, run: () => Promise<void>) => it(what, run, 180_000);
  const restart = async (downMs: number) => {
    await stack.kafka.kill(0);
    await new Promise((resolve) => setTimeout(resolve, downMs));
    await stack.kafka.start(0);
  };
  /** Sends one record after the other until told to stop, each until it is acknowledged; collects what was. */
  const sendUntil = async (topic: string, acknowledged: string[], stopped: () => boolean): Promise<void> => {
    const producer = await bench.kafka.producer();
    for (let i = 0; !stopped();) {
      const texts = Array.from({ length: 10 }, () => `${i++}`);
      await Promise.all(
        texts.map(async (text) => {
          // Not for ever: when the suite is over, every attempt fails at once.
          while (!stopped()) {
            if ((await codeOf(producer.send(topic, record(null, text)))) !== 'no error') continue;
            return acknowledged.push(text);
          }
        }),
      );
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await producer.close();
  };

  inTime('rejects within the delivery time limit, and delivers again afterwards without a new producer', async () => {
    const topic = await bench.newTopic(2);
    const producer = await bench.kafka.producer({ deliveryTimeoutMs: 800 });
    await producer.send(topic, record(null, 'before'));
    await stack.kafka.kill(0);
    const began = Date.now();
    expect(await codeOf(producer.send(topic, record(null, 'during')))).toBe('delivery-timeout');
    // Without the setting it would be 5 s.
    expect(Date.now() - began).toBeLessThan(5000);
    await stack.kafka.start(0);
    await until(
      'a record is acknowledged',
      async () => (await codeOf(producer.send(topic, record(null, 'after')))) === 'no error',
    );
    const values = await bench.valuesOf(topic);
    expect(values).toContain('before');
    expect(values).toContain('after');
  });

  inTime('loses no acknowledged record, and a batch consumer handles all of them', async () => {
    const topic = await bench.newTopic(3);
    const seen = new Set<string | null>();
    const consumer = await bench.consume({
      topics: [topic],
      handle: async (batches) => {
        for (const { records } of batches) for (const r of records) seen.add(textOf(r));
        return commit;
      },
    });
    const acknowledged: string[] = [];
    const sending = sendUntil(topic, acknowledged, () => stop);
    const some = () => {
      const enough = acknowledged.length + 50;
      return until('50 more records are acknowledged', () => acknowledged.length >= enough, 40_000);
    };
    for (const downMs of [0, 1500]) {
      await some();
      await restart(downMs);
    }
    await some();
    stop = true;
    await sending;
    await until('every acknowledged record is handled', () => acknowledged.every((text) => seen.has(text)), 40_000);
    expect(consumer.isReady()).toBe(true);
    await consumer.stop();
  });

  inTime('copies each record exactly once in a partition consumer', async () => {
    const [input, changelog] = [await bench.newTopic(3), await bench.newTopic(3)];
    const groupId = newGroup();
    const task = taskFactory(bench.kafka, { input, changelog, groupId });
    const consumer = await bench.kafka.consumePartitions({
      groupId,
      topic: input,
      changelog,
      createTask: task,
      onFailure: unexpected,
    });
    const acknowledged: string[] = [];
    const sending = sendUntil(input, acknowledged, () => stop);
    // A killed broker loses markers now and then: one kill would seldom show it.
    for (const downMs of [0, 1500, 0, 0]) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      await restart(downMs);
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
    stop = true;
    await sending;
    await until(
      'all is through',
      async () => {
        const done = await bench.kafka.admin.committed(groupId, input);
        return (await bench.high(input)).every((offset, partition) => offset === done[partition]);
      },
      40_000,
    );
    expect(consumer.isReady()).toBe(true);
    await consumer.stop();
    // The plain producer may double a record whose answer was lost; the consumer may neither make one up nor drop one.
    const written = (await bench.readAll(input)).map((r) => `${r.partition}/${r.offset}`).sort();
    const out = await bench.valuesOf(changelog);
    expect([...out].sort()).toEqual(written);
    expect(new Set((await bench.valuesOf(input)).filter((text) => acknowledged.includes(text!))).size).toBe(
      acknowledged.length,
    );
  });

  inTime('waits for brokers that stay away, shows it, and comes back', async () => {
    const topic = await bench.newTopic(1);
    const seen: (string | null)[] = [];
    const consumer = await bench.consume({
      topics: [topic],
      handle: async (batches) => {
        seen.push(...batches.flatMap(({ records }) => records.map(textOf)));
        return commit;
      },
    });
    await stack.kafka.kill(0);
    await until('not ready', () => !consumer.isReady(), 40_000);
    await new Promise((resolve) => setTimeout(resolve, 8000));
    await stack.kafka.start(0);
    await until('ready again', () => consumer.isReady(), 40_000);
    const producer = await bench.kafka.producer();
    await producer.send(topic, record(null, 'after the outage'));
    await until('handled', () => seen.includes('after the outage'));
    await consumer.stop();
  });
});

/** Writes the position of every record into the changelog, so that exactly once can be counted. */
function taskFactory(kafka: Kafka, of: { input: string; changelog: string; groupId: string }) {
  return (partition: number): PartitionTask => {
    const producer = kafka.transactionalProducer({
      transactionalId: `${of.groupId}-${partition}`,
      soleWriter: {
        outputs: [{ topic: of.changelog, partition }],
        input: { groupId: of.groupId, topic: of.input, partition },
        inputOffsetOf: (r) => Number(textOf(r)!.split('/')[1]),
      },
    });
    return {
      fence: () => producer.fence(),
      restore: () => undefined,
      handle: ({ records, nextOffset }) =>
        producer.transact({
          writes: [
            { topic: of.changelog, partition, records: records.map((r) => record(null, `${r.partition}/${r.offset}`)) },
          ],
          offset: { groupId: of.groupId, topic: of.input, partition, nextOffset },
        }),
      close: () => producer.close(),
    };
  };
}
