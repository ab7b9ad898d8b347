/** Lost markers on a real broker: a session leaves out what makes a partition part of its transaction, and so it gets no marker there. */
import { startStack, type Stack } from '@onceline/local-stack';
import type { Cluster } from 'kafkajs';
import { newClient } from './client/client.js';
import { DirectTransactions, type InputOffset } from './client/direct-transaction.js';
import { openCluster } from './client/open-cluster.js';
import { Bench, newGroup, record, textOf } from './conformance/bench.spec.js';
import { connectKafka } from './connect-kafka.js';
import type { SoleWriter } from './port.js';
import type { PartitionWrite, TopicPartition } from './wire.js';

/** The steps of a transaction, each by itself. */
interface Steps {
  know(topics: readonly string[]): Promise<void>;
  add(targets: readonly TopicPartition[], groupId: string | undefined): Promise<void>;
  write(writes: readonly PartitionWrite[]): Promise<void>;
  writeOffset(offset: InputOffset): Promise<void>;
  endWith(commit: boolean): Promise<void>;
}

const BROKER = 4;

describe('a new owner after lost markers', () => {
  let stack: Stack;
  const bench = new Bench(async () => {
    stack = await startStack({ postgres: false, exclusive: true });
    const { brokers } = stack.kafka;
    await allowUnannounced(brokers);
    return {
      connect: () => connectKafka({ brokers, clientId: 'markers' }),
      deleteRecords: () => Promise.reject(new Error('not used here')),
      stop: () => stack.stop(),
    };
  });
  beforeAll(() => bench.open(), 120_000);
  afterAll(() => bench.close(), 60_000);

  /** Without this a broker refuses records for a partition that no coordinator knows to be in the transaction. */
  async function allowUnannounced(brokers: readonly string[]): Promise<void> {
    const admin = newClient({ brokers, clientId: 'markers-admin' }).admin();
    await admin.connect();
    const configEntries = [{ name: 'transaction.partition.verification.enable', value: 'false' }];
    const name = String((await admin.describeCluster()).brokers[0]!.nodeId);
    await admin.alterConfigs({ validateOnly: false, resources: [{ type: BROKER, name, configEntries }] });
    await admin.disconnect();
  }

  /** An owner whose first transaction (inputs 0 to 3) is whole; the second (4 to 7) goes as the test says. */
  async function world(second: (steps: Steps, writes: PartitionWrite[], offset: InputOffset) => Promise<void>) {
    // The records below are dated long ago, and a broker looks for what is out of date half a minute after its start.
    const kept = { 'retention.ms': '-1' };
    const [input, a, b] = [await bench.newTopic(), await bench.newTopic(1, kept), await bench.newTopic(1, kept)];
    const [groupId, id] = [newGroup(), newGroup()];
    const producer = await bench.kafka.producer();
    for (let n = 0; n < 20; n++) await producer.send(input, record(null, `${n}`));
    const soleWriter: SoleWriter = {
      outputs: [a, b].map((topic) => ({ topic, partition: 0 })),
      input: { groupId, topic: input, partition: 0 },
      inputOffsetOf: (r) => Number(textOf(r)),
    };
    const writes = (numbers: number[]) =>
      [a, b].map((topic, half) => ({
        target: { topic, partition: 0 },
        records: numbers.filter((n) => n % 2 === half).map((n) => ({ ...record(null, `${n}`), timestamp: 1e12 })),
      }));
    const offset = (nextOffset: number) => ({ groupId, topic: input, partition: 0, nextOffset });

    const { cluster, carrier } = await openCluster({ brokers: stack.kafka.brokers, clientId: 'markers' });
    const session = await begun(cluster, id);
    await session.run(writes([0, 1, 2, 3]), offset(4));
    // Their markers would end what the second one writes before they come.
    await Promise.all([a, b].map((topic) => bench.committedValuesOf(topic, 2)));
    const steps = session as unknown as Steps;
    await steps.know([a, b]);
    await second(steps, writes([4, 5, 6, 7]), offset(8));
    await session.stop();
    await carrier.disconnect();

    const next = bench.kafka.transactionalProducer({ transactionalId: id, soleWriter });
    await next.fence();
    const committed = (await bench.kafka.admin.committed(groupId, input))[0]!;
    // What it writes next must bring nothing along.
    const rest = Array.from({ length: 20 - committed }, (_, i) => committed + i);
    await next.transact({
      writes: writes(rest).map(({ target, records }) => ({ ...target, records })),
      offset: offset(20),
    });
    await next.fence();
    const seen = [...(await bench.valuesOf(a)), ...(await bench.valuesOf(b))].map(Number).sort((x, y) => x - y);
    return { committed, seen };
  }
  const begun = (cluster: Cluster, id: string) =>
    DirectTransactions.begin(cluster, id, { timeoutMs: 10_000, isSoleWriter: false });
  const once = Array.from({ length: 20 }, (_, n) => n);

  it('commits what hangs when another partition shows it', async () => {
    const found = await world(async (steps, writes, offset) => {
      await steps.add([writes[0]!.target], offset.groupId);
      await steps.write(writes);
      await steps.writeOffset(offset);
      await steps.endWith(true);
    });
    expect(found).toEqual({ committed: 8, seen: once });
  });

  it('commits what hangs when only the offset shows it', async () => {
    const found = await world(async (steps, writes, offset) => {
      await steps.add([], offset.groupId);
      await steps.write(writes);
      await steps.writeOffset(offset);
      await steps.endWith(true);
    });
    expect(found).toEqual({ committed: 8, seen: once });
  });

  it('drops what hangs when nothing shows it, and it is read again', async () => {
    const found = await world(async (steps, writes) => {
      await steps.write(writes);
    });
    expect(found).toEqual({ committed: 4, seen: once });
  });

  it('drops what hangs of an aborted transaction', async () => {
    const found = await world(async (steps, writes, offset) => {
      await steps.add([writes[1]!.target], offset.groupId);
      await steps.write(writes);
      await steps.writeOffset(offset);
      await steps.endWith(false);
    });
    expect(found).toEqual({ committed: 4, seen: once });
  });

  it('moves the offset behind what is visible', async () => {
    const found = await world(async (steps, writes) => {
      await steps.add(
        writes.map(({ target }) => target),
        undefined,
      );
      await steps.write(writes);
      await steps.endWith(true);
    });
    expect(found).toEqual({ committed: 8, seen: once });
  });
});
