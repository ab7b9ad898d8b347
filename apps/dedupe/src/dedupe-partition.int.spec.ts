import { randomInt } from 'node:crypto';
import { HEADERS, TOPICS, duplicateRecordSchema } from '@onceline/contracts';
import { KafkaError, type RecordBatch } from '@onceline/kafka';
import { createLogger } from '@onceline/service-kit';
import { eventually, releaseStack, uniqueName } from '@onceline/testing';
import { Registry, type OpenMetricsContentType } from 'prom-client';
import { DedupeHarness, HOUR, PARTITIONS, type Instance } from './dedupe-harness.spec.js';
import { createDedupeMetrics } from './dedupe-metrics.js';
import { DedupeReport } from './dedupe-report.js';
import { dedupeTasks } from './dedupe-transport.js';
import { GapWatch } from './gaps/gap-watch.js';
import { rawRecord, updateBytes } from './raw-record.spec.js';

let harness: DedupeHarness;
let bot: string;
let group: string;

beforeAll(async () => {
  harness = await DedupeHarness.start();
});
beforeEach(() => {
  bot = String(randomInt(1, 2 ** 47));
  group = uniqueName('dedupe');
});
afterAll(async () => {
  await harness.stop();
  await releaseStack();
});

const range = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);
const ascending = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);
const counted = async ({ registry }: Instance, result: string): Promise<number> => {
  const metric = await registry.getSingleMetric('onceline_dedupe_records_total')?.get();
  return metric?.values.find(({ labels }) => labels['result'] === result)?.value ?? Number.NaN;
};
const gauge = async ({ registry }: Instance, name: string): Promise<number> => {
  const metric = await registry.getSingleMetric(name)?.get();
  return metric?.values[0]?.value ?? Number.NaN;
};

describe('idempotency', () => {
  it('passes one of many copies on, within a batch and across batches, byte for byte, to the same partition', async () => {
    const instance = await harness.instance(group, { maxRecords: 7 });
    await harness.send(
      bot,
      range(1, 60).map((updateId) => ({
        updateId: Math.ceil(updateId / 3),
        partition: Math.ceil(updateId / 3) % PARTITIONS,
      })),
    );
    await harness.settled(group);
    await harness.send(bot, [{ updateId: 4, partition: 4 % PARTITIONS }]);
    await harness.settled(group);
    const unique = await harness.records(TOPICS.unique, bot);
    expect(ascending(await harness.updateIds(TOPICS.unique, bot))).toEqual(range(1, 20));
    for (const { partition, value, headers } of unique) {
      const updateId = Number(headers[HEADERS.idempotencyKey]?.split(':').at(-1));
      expect(partition).toBe(updateId % PARTITIONS);
      expect(value?.equals(updateBytes(updateId))).toBe(true);
      expect(headers[HEADERS.updateKind]).toBe('message');
    }
    expect(ascending(await harness.updateIds(TOPICS.seen, bot))).toEqual(range(1, 20));
    const duplicates = await harness.records(TOPICS.duplicates, bot);
    expect(duplicates).toHaveLength(41);
    for (const { partition, value } of duplicates) {
      const duplicate = duplicateRecordSchema.parse(JSON.parse(String(value)));
      expect(duplicate.copy.partition).toBe(partition);
      expect(duplicate.copy.offset).toBeGreaterThan(duplicate.first.offset);
    }
    expect(await counted(instance, 'first')).toBeGreaterThanOrEqual(20);
    await instance.stop();
  });

  it('remembers across a restart: state is restored from the changelog before the first record', async () => {
    const first = await harness.instance(group);
    await harness.send(
      bot,
      range(1, 50).map((updateId) => ({ updateId })),
    );
    await harness.settled(group);
    await first.stop();
    await harness.send(
      bot,
      range(26, 50).map((updateId) => ({ updateId })),
    );
    const second = await harness.instance(group);
    await eventually(() => second.handle.isReady(), { withinMs: 20_000 });
    await harness.settled(group);
    expect(ascending(await harness.updateIds(TOPICS.unique, bot))).toEqual(range(1, 75));
    expect(await harness.records(TOPICS.duplicates, bot)).toHaveLength(25);
    expect(await gauge(second, 'onceline_dedupe_keys_held')).toBeGreaterThanOrEqual(75);
    await second.stop();
  });

  it('lets a key through again after its tombstone and a restart', async () => {
    const first = await harness.instance(group);
    await harness.send(bot, [{ updateId: 5 }]);
    await harness.settled(group);
    await first.stop();
    const [seen] = await harness.records(TOPICS.seen, bot);
    const producer = await harness.kafka.producer();
    await producer.send(TOPICS.seen, { key: seen?.key ?? '', value: null }, { partition: 0 });
    await producer.close();
    await harness.send(bot, [{ updateId: 5 }]);
    const second = await harness.instance(group);
    await harness.settled(group);
    expect(await harness.updateIds(TOPICS.unique, bot)).toEqual([5, 5]);
    await second.stop();
  });
});

describe('nothing is dropped', () => {
  it('a collision goes to the dead letters as its own record, is counted, and spares its neighbours', async () => {
    const instance = await harness.instance(group);
    await harness.send(bot, [{ updateId: 1 }, { updateId: 1, text: 'other words' }, { updateId: 2 }]);
    await harness.settled(group);
    expect(await harness.updateIds(TOPICS.unique, bot)).toEqual([1, 2]);
    const [collision, ...more] = await harness.records(TOPICS.dedupeDeadLetter, bot);
    expect(more).toEqual([]);
    expect(collision?.value?.equals(updateBytes(1, 'other words'))).toBe(true);
    expect(collision?.headers).toMatchObject({ 'failure-code': 'key-collision', 'failure-kind': 'permanent' });
    expect(await counted(instance, 'collision')).toBe(1);
    await instance.stop();
  });

  it('unreadable records go to the dead letters, their neighbours go through', async () => {
    const instance = await harness.instance(group);
    const bad = Buffer.from(`{"update_id":"${bot}"`);
    await harness.send(bot, [
      { updateId: 1 },
      { updateId: 0, value: bad },
      { updateId: 2 },
      { updateId: 3, botId: '' },
      { updateId: 4 },
    ]);
    await harness.settled(group);
    expect(await harness.updateIds(TOPICS.unique, bot)).toEqual([1, 2, 4]);
    const [letter] = await harness.records(TOPICS.dedupeDeadLetter, bot);
    expect(letter?.value?.equals(bad)).toBe(true);
    expect(letter?.headers).toMatchObject({ 'failure-code': 'malformed-update', 'origin-topic': TOPICS.raw });
    expect(await counted(instance, 'unreadable')).toBe(2);
    await instance.stop();
  });

  it('a record as large as raw can hold does not block its partition, readable or not', async () => {
    const instance = await harness.instance(group);
    const bytes = 2 * 1024 * 1024 - 1024;
    const bad = Buffer.alloc(bytes, 'x');
    const text = 'y'.repeat(bytes - updateBytes(1, '').length);
    await harness.send(bot, [{ updateId: 1, text }, { updateId: 0, value: bad }, { updateId: 2 }]);
    await harness.settled(group);
    const unique = await harness.records(TOPICS.unique, bot);
    expect(unique.map(({ value }) => value?.length)).toEqual([bytes, updateBytes(2).length]);
    const [letter] = await harness.records(TOPICS.dedupeDeadLetter, bot);
    expect(letter?.value?.equals(bad)).toBe(true);
    await instance.stop();
  });
});

describe('time', () => {
  // Longer than the TTL of 72 hours, shorter than the changelog's retention of 96.
  const longAgo = () => Date.now() - 90 * HOUR;

  it('a copy that waited in raw through an outage longer than the TTL is still a copy', async () => {
    const before = await harness.instance(group, { clock: longAgo });
    await harness.send(bot, [{ updateId: 1, timestamp: longAgo() }]);
    await harness.settled(group);
    await before.stop();
    await harness.send(bot, [{ updateId: 1, timestamp: longAgo() + HOUR }]);
    const after = await harness.instance(group);
    await harness.settled(group);
    expect(await harness.updateIds(TOPICS.unique, bot)).toEqual([1]);
    await after.stop();
  });

  it('a copy received after the TTL is new: its key is forgotten', async () => {
    const before = await harness.instance(group, { clock: longAgo });
    await harness.send(bot, [{ updateId: 1, timestamp: longAgo() }]);
    await harness.settled(group);
    await before.stop();
    await harness.send(bot, [{ updateId: 1 }]);
    const after = await harness.instance(group);
    await harness.settled(group);
    expect(await harness.updateIds(TOPICS.unique, bot)).toEqual([1, 1]);
    await after.stop();
  });
});

describe('exactly once through failures', () => {
  it('a crash between producing and committing leaves nothing behind, and the batch goes through once', async () => {
    let crashes = 0;
    const instance = await harness.instance(group, {
      maxRecords: 20,
      interfere: async (inner, contents) => {
        if (contents.writes.length === 0 || crashes >= 3) return inner.transact(contents);
        crashes++;
        // An offset that no broker takes: the records are in the log already when the transaction breaks.
        const offset = { groupId: group, topic: 'no.such.topic', partition: 0, nextOffset: 1 };
        return inner.transact({ ...contents, offset });
      },
    });
    await harness.send(
      bot,
      range(1, 100).map((updateId) => ({ updateId })),
    );
    await harness.settled(group);
    expect(crashes).toBe(3);
    expect(await harness.updateIds(TOPICS.unique, bot)).toEqual(range(1, 100));
    expect(await harness.updateIds(TOPICS.seen, bot)).toEqual(range(1, 100));
    expect(await harness.records(TOPICS.duplicates, bot)).toEqual([]);
    // The aborted records are there, only not for committed readers: offsets were used up.
    const [end] = await harness.kafka.admin.offsets(TOPICS.unique);
    const unique = await harness.records(TOPICS.unique, bot);
    expect((unique.at(-1)?.offset ?? 0) - (unique[0]?.offset ?? 0)).toBeGreaterThan(99);
    expect(end?.high).toBeGreaterThan(100);
    expect(instance.failures).toEqual([]);
    await instance.stop();
  });

  it('a commit whose answer is lost is not done twice', async () => {
    let lost = 0;
    const instance = await harness.instance(group, {
      maxRecords: 20,
      interfere: async (inner, contents) => {
        await inner.transact(contents);
        if (contents.writes.length === 0 || lost >= 3) return;
        lost++;
        throw new KafkaError('transaction-failed', 'the answer to the commit was lost');
      },
    });
    await harness.send(
      bot,
      range(1, 100).map((updateId) => ({ updateId })),
    );
    await harness.settled(group);
    // Settled by the offset already; the state must be right as well.
    await harness.send(
      bot,
      range(50, 60).map((updateId) => ({ updateId })),
    );
    await harness.settled(group);
    expect(lost).toBe(3);
    expect(await harness.updateIds(TOPICS.unique, bot)).toEqual(range(1, 109));
    expect(await harness.records(TOPICS.duplicates, bot)).toHaveLength(51);
    await instance.stop();
  });

  it('a zombie is fenced: after the takeover its batch is refused and leaves no record', async () => {
    const assignment = () => [];
    const gaps = new GapWatch({ partitions: PARTITIONS, ttlMs: HOUR, assignment });
    const metrics = createDedupeMetrics(new Registry<OpenMetricsContentType>(), assignment);
    const report = new DedupeReport(metrics, gaps, createLogger('dedupe', 'silent'));
    const createTask = dedupeTasks(
      harness.kafka,
      { groupId: group, ttlMs: 72 * HOUR, clock: () => Date.now() },
      report,
    );
    const batchOf = (updateId: number): RecordBatch => ({
      topic: TOPICS.raw,
      partition: 0,
      records: [rawRecord({ offset: updateId, updateId, headers: { [HEADERS.botId]: bot } })],
      nextOffset: updateId + 1,
    });
    const zombie = createTask(0);
    await zombie.fence();
    await zombie.handle(batchOf(1));
    const owner = createTask(0);
    await owner.fence();
    await expect(zombie.handle(batchOf(2))).rejects.toMatchObject({ code: 'fenced' });
    await owner.handle(batchOf(3));
    expect(await harness.updateIds(TOPICS.unique, bot)).toEqual([1, 3]);
    await zombie.close();
    await owner.close();
  });

  it('a second instance joining and the first leaving under load neither lose nor double', async () => {
    const copies = (from: number) =>
      range(from, 300).flatMap((updateId) => {
        const update = { updateId, partition: updateId % PARTITIONS };
        return updateId % 4 === 0 ? [update, update] : [update];
      });
    const first = await harness.instance(group, { maxRecords: 10 });
    await harness.send(bot, copies(1));
    const [second] = await Promise.all([harness.instance(group, { maxRecords: 10 }), harness.send(bot, copies(301))]);
    await eventually(() => second.handle.assignment().length > 0, { withinMs: 20_000 });
    await Promise.all([harness.send(bot, copies(601)), first.stop()]);
    await harness.send(bot, copies(1));
    await harness.settled(group, 60_000);
    expect(ascending(await harness.updateIds(TOPICS.unique, bot))).toEqual(range(1, 900));
    expect(await harness.records(TOPICS.duplicates, bot)).toHaveLength(225 + 375);
    expect(second.handle.assignment()).toHaveLength(PARTITIONS);
    await second.stop();
  });
});
