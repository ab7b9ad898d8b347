import { HEADERS, TOPICS, encodeSeenRecord, topicDeclarations } from '@onceline/contracts';
import {
  InMemoryCluster,
  createInMemoryKafka,
  type ConsumedRecord,
  type ConsumerHandle,
  type Kafka,
} from '@onceline/kafka';
import type { Logger } from '@onceline/service-kit';
import { eventually } from '@onceline/testing';
import { Registry, type OpenMetricsContentType } from 'prom-client';
import { createDedupeMetrics } from './dedupe-metrics.js';
import { DedupeReport } from './dedupe-report.js';
import { dedupeTasks } from './dedupe-transport.js';
import { GapWatch } from './gaps/gap-watch.js';
import { rawRecord } from './raw-record.spec.js';

const GROUP = 'dedupe';
const TTL = 72 * 3_600_000;
const KEY = (updateId: number) => `tg1:1000001:message:77:${updateId}:${updateId}`;

let cluster: InMemoryCluster;
let kafka: Kafka;
let registry: Registry<OpenMetricsContentType>;
let errors: object[];

beforeEach(async () => {
  cluster = new InMemoryCluster();
  kafka = createInMemoryKafka({ cluster });
  await kafka.admin.createMissing(topicDeclarations({ partitions: 1 }), { replicationFactor: 1 });
});
afterEach(() => kafka.close());

/** Starts dedupe as a new process would. */
function start(): Promise<ConsumerHandle> {
  registry = new Registry();
  errors = [];
  const logger = { error: (fields: object) => errors.push(fields), warn: () => undefined } as unknown as Logger;
  const gaps = new GapWatch({ partitions: 1, ttlMs: TTL, assignment: () => [] });
  const report = new DedupeReport(
    createDedupeMetrics(registry, () => []),
    gaps,
    logger,
  );
  return kafka.consumePartitions({
    groupId: GROUP,
    topic: TOPICS.raw,
    changelog: TOPICS.seen,
    createTask: dedupeTasks(kafka, { groupId: GROUP, ttlMs: TTL, clock: () => Date.now() }, report),
    onFailure: (error) => {
      throw error;
    },
  });
}

const count = async (name: string) =>
  (await registry.getSingleMetric(`onceline_dedupe_${name}_total`)?.get())?.values[0]?.value;

async function send(...updateIds: number[]): Promise<void> {
  const producer = await kafka.producer();
  for (const updateId of updateIds) {
    const { key, value, headers } = rawRecord({ offset: 0, updateId });
    await producer.send(TOPICS.raw, { key, value, headers });
  }
}

async function putSeen(key: string, value: string | Buffer): Promise<void> {
  const producer = await kafka.producer();
  await producer.send(TOPICS.seen, { key, value: Buffer.from(value) }, { partition: 0 });
}

const settled = (nextOffset: number) =>
  eventually(async () => expect(await kafka.admin.committed(GROUP, TOPICS.raw)).toEqual([nextOffset]));

async function recordsOf(topic: string): Promise<ConsumedRecord[]> {
  const records: ConsumedRecord[] = [];
  await kafka.read(topic, (batch) => void records.push(...batch.records));
  return records;
}

const updateIds = async (topic: string) =>
  (await recordsOf(topic)).map(({ headers }) => Number(headers[HEADERS.idempotencyKey]?.split(':').at(-1)));

describe('garbage in the changelog', () => {
  it('is skipped, counted and told once; its key is not seen, and what is sound still is', async () => {
    const firstSeenAt = Date.now();
    const sound = encodeSeenRecord({ payloadHash: '0'.repeat(16), firstOffset: 900, firstSeenAt });
    await putSeen(KEY(1), sound);
    await putSeen(KEY(2), 'garbage');
    await putSeen(KEY(1), '9 of another version');
    await putSeen(KEY(3), `1 ${'0'.repeat(16)} 7 9000000000000000`);
    await send(1, 2, 3);
    const consumer = await start();
    await settled(3);
    // Other bytes under the key of 1 are a collision: the key was remembered.
    expect(await updateIds(TOPICS.unique)).toEqual([2, 3]);
    expect(await updateIds(TOPICS.dedupeDeadLetter)).toEqual([1]);
    expect(await count('changelog_records_skipped')).toBe(3);
    expect(errors).toEqual([{ topic: TOPICS.seen, partition: 0, offset: 1 }]);
    await consumer.stop();
  });
});

describe('records of raw that were deleted unread', () => {
  it('are counted, logged and proved by a dead letter, exactly once, whoever takes over', async () => {
    const first = await start();
    await send(1, 2);
    await settled(2);
    await first.stop();
    await send(3, 4, 5);
    cluster.deleteRecords(TOPICS.raw, 0, 5);

    const second = await start();
    await settled(5);
    await second.stop();
    expect(await count('raw_records_lost')).toBe(3);
    expect(errors).toEqual([{ partition: 0, records: 3, from: 2, to: 5 }]);

    const third = await start();
    await send(6);
    await settled(6);
    await third.stop();
    expect(await count('raw_records_lost')).toBe(0);
    expect(await updateIds(TOPICS.unique)).toEqual([1, 2, 6]);
    const [letter, ...more] = await recordsOf(TOPICS.dedupeDeadLetter);
    expect(more).toEqual([]);
    expect(JSON.parse(String(letter?.value))).toEqual({
      schemaVersion: 1,
      deletedUnread: { partition: 0, from: 2, to: 5 },
    });
    expect(letter?.headers).toMatchObject({ 'failure-code': 'deleted-unread', 'origin-offset': '2' });
  });

  it('cost nothing and say nothing when all of it was read', async () => {
    const first = await start();
    await send(1, 2);
    await settled(2);
    await first.stop();
    cluster.deleteRecords(TOPICS.raw, 0, 2);
    const second = await start();
    await send(3);
    await settled(3);
    await second.stop();
    expect([await count('raw_records_lost'), errors]).toEqual([0, []]);
    expect(await recordsOf(TOPICS.dedupeDeadLetter)).toEqual([]);
  });
});
