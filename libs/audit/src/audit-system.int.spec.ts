import { HEADERS, TOPICS, topicDeclarations } from '@onceline/contracts';
import { connectKafka, type BatchingProducer, type Kafka } from '@onceline/kafka';
import { Client } from 'pg';
import { messageUpdate, rawRecord, releaseStack, uniqueName, useStack } from '@onceline/testing';
import { BOT, Hands, RETRIES, TABLES, TAMPERING } from './hands.spec.js';
import { auditSystem } from './audit-system.js';
import type { AuditReport } from './report.js';
import { eventually } from '@onceline/testing';

const PARTITIONS = 3;

let kafka: Kafka;
let producer: BatchingProducer;
let hands: Hands;
let database: Client;
let databaseUrl: string;
const failures: Error[] = [];
/** The updates that are settled by hand; each test goes on where the one before has ended. */
const keys: string[] = [];

const audit = (): Promise<AuditReport> => auditSystem({ kafka, databaseUrl, waitMs: 0 });

beforeAll(async () => {
  const stack = await useStack();
  databaseUrl = await stack.postgres.createDatabase(uniqueName('checker').replace('-', '_'));
  kafka = connectKafka({ brokers: stack.kafka.brokers, clientId: 'checker-spec' });
  const declared = topicDeclarations({ partitions: PARTITIONS });
  const retries = RETRIES.filter((topic) => declared.every(({ name }) => name !== topic)).map((name) => ({
    name,
    partitions: PARTITIONS,
    config: {},
  }));
  await kafka.admin.createMissing([...declared, ...retries], { replicationFactor: 1 });
  producer = await kafka.producer();
  database = new Client({ connectionString: databaseUrl });
  await database.connect();
  hands = new Hands(producer, database);
  for (const statement of TABLES) await database.query(statement);
});

afterAll(async () => {
  await database?.end();
  await producer?.close();
  await kafka?.close();
  await releaseStack();
});

/** Commits everything in these topics for this group, as a stage that is done would. */
async function commitAll(groupId: string, topics: readonly string[]): Promise<void> {
  const handle = async () => ({ settle: 'commit' }) as const;
  const consumer = await kafka.consume({ groupId, topics, handle, onFailure: (error) => void failures.push(error) });
  await eventually(async () => {
    for (const topic of topics) {
      const committed = await kafka.admin.committed(groupId, topic);
      const ends = await kafka.admin.offsets(topic);
      if (ends.some(({ high }, partition) => high > 0 && committed[partition] !== high)) return false;
    }
    return true;
  });
  await consumer.stop();
  expect(failures).toEqual([]);
}

test('reads both sides itself: pending until committed or relayed, balanced, and a lost event is named', async () => {
  for (let updateId = 1; updateId <= 20; updateId += 1) keys.push(await hands.settle(updateId));
  const malformed = await producer.send(TOPICS.raw, {
    ...rawRecord(BOT, messageUpdate({ updateId: 1 })),
    value: Buffer.from('{'),
  });
  expect(await audit()).toMatchObject({ balanced: false, pending: 1, missing: [], doubled: [] });

  await producer.send(TOPICS.dedupeDeadLetter, {
    key: 'k',
    value: Buffer.from('{'),
    headers: {
      [HEADERS.failureCode]: 'malformed-update',
      [HEADERS.originPartition]: String(malformed.partition),
      [HEADERS.originOffset]: String(malformed.offset),
    },
  });
  await commitAll('dedupe', [TOPICS.raw]);
  await commitAll('ticketing', [TOPICS.unique, TOPICS.duplicates]);
  expect(await audit()).toMatchObject({
    balanced: true,
    raw: 41,
    unique: 20,
    duplicates: 20,
    malformed: 1,
    recordedDuplicates: 20,
    outcomes: { 'ticket-opened': 20 },
    events: 20,
    published: 20,
    contradictions: [],
  });

  await hands.appendMessage({ ticket: 'ticket-1', version: 2, key: keys[0] ?? '', messageId: 1001 });
  await database.query(`update ticketing.tickets set version = 2, message_count = 2 where ticket_id = 'ticket-1'`);
  expect(await audit()).toMatchObject({ balanced: false, pending: 1, missing: [] });
  await database.query(
    `update ticketing.outbox_cursors set tx_id = pg_current_xact_id(), id = 21 where source = 'events'`,
  );
  expect(await audit()).toMatchObject({ balanced: false, pending: 0, missing: [keys[0]] });
  await hands.publishEvent('ticket-1', 2);
  expect(await audit()).toMatchObject({ balanced: true, events: 21, published: 21 });
});

/** A head waits in the outbox, in a retry topic or on its way back, and is lost when it is in none of them. */
test('a parked update has one way forward, and is named without one', async () => {
  const head = await hands.park(101, 'c1', true);
  await hands.park(102, 'c1', false);
  await commitAll('dedupe', [TOPICS.raw]);
  await commitAll('ticketing', [TOPICS.unique]);
  const waiting = { balanced: true, pending: 0, waiting: { heads: 1, followers: 1 } };
  const lost = { balanced: false, contradictions: [{ rule: 'parked-without-way-forward', subject: head }] };
  expect(await audit()).toMatchObject(waiting);
  await database.query(
    `update ticketing.outbox_cursors set tx_id = pg_current_xact_id(), id = 1 where source = 'outbox'`,
  );
  expect(await audit()).toMatchObject(lost);
  await hands.sendRetry('ticketing.retry.200ms', head);
  expect(await audit()).toMatchObject(waiting);
  await commitAll('retry', ['ticketing.retry.200ms']);
  expect(await audit()).toMatchObject(lost);
  await hands.sendRetry('ticketing.redelivery', head);
  expect(await audit()).toMatchObject(waiting);
});

test('each change of one table that the others contradict is named', async () => {
  for (const [sql, ...rules] of TAMPERING) {
    const tables = [
      'ticket_messages',
      'tickets',
      'ledger',
      'events',
      'parked_conversations',
      'parked_updates',
      'outbox',
    ];
    tables.push('outbox_refused');
    for (const table of tables) await database.query(`create table kept_${table} as table ticketing.${table}`);
    await database.query(sql);
    const report = await audit();
    expect([sql, report.balanced, report.contradictions.map((found) => found.rule)]).toEqual([
      sql,
      false,
      expect.arrayContaining(rules),
    ]);
    for (const table of tables) {
      await database.query(
        `truncate ticketing.${table}; insert into ticketing.${table} overriding system value table kept_${table}`,
      );
      await database.query(`drop table kept_${table}`);
    }
  }
  expect(await audit()).toMatchObject({ balanced: true });
});

/** Nobody can read it, so that it is named and nothing falls over it. */
test('records that nobody can read are named, and a ledger row that is gone beside them', async () => {
  const at = { partition: 0 };
  const schemaVersion = 1;
  const stray = {
    schemaVersion,
    idempotencyKey: 'x',
    copy: { partition: 2 ** 40, offset: 1, receivedAt: '2026-01-01T00:00:00Z' },
    first: { offset: 0, seenAt: '' },
  };
  for (const value of ['garbage', 'null', '{"schemaVersion":1}', JSON.stringify(stray)]) {
    const { offset } = await producer.send(TOPICS.duplicates, { key: null, value: Buffer.from(value) }, at);
    const subject = expect.stringMatching(new RegExp(`duplicates 0@${offset}$`));
    expect((await audit()).contradictions).toContainEqual({ rule: 'unreadable-record', subject });
  }
  await producer.send(TOPICS.seen, { key: 'garbage', value: Buffer.from('garbage') }, at);
  await producer.send(TOPICS.dedupeDeadLetter, { key: null, value: null }, at);
  const gap = {
    'origin-partition': '0',
    'origin-offset': '5',
    'failure-code': 'deleted-unread',
    'failure-message': 'gone',
  };
  await producer.send(TOPICS.dedupeDeadLetter, { key: null, value: null, headers: gap }, at);
  const { contradictions } = await audit();
  expect(contradictions.map(({ rule }) => rule).sort()).toEqual([
    'deleted-unread',
    ...Array(5).fill('unreadable-record'),
  ]);
  expect(contradictions).toContainEqual({ rule: 'deleted-unread', subject: 'raw 0@5: gone' });

  await database.query('delete from ticketing.ledger where idempotency_key = $1', [keys[7]]);
  expect((await audit()).missing).toContain(keys[7]);
});
