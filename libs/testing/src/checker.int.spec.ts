import {
  HEADERS,
  TOPICS,
  encodeSeenRecord,
  idempotencyKey,
  isMalformed,
  parseUpdate,
  topicDeclarations,
} from '@onceline/contracts';
import { connectKafka, type BatchingProducer, type Kafka } from '@onceline/kafka';
import { Client } from 'pg';
import { messageUpdate, rawRecord, releaseStack, uniqueName, uniqueRecord, useStack } from './index.js';
import { auditSystem } from './checker.js';
import type { AuditReport } from './checker-report.js';
import { eventually } from './eventually.js';

const BOT = '1000001';
const PARTITIONS = 3;

/** The columns that the checker reads, as ticketing's migrations make them. */
const TABLES = [
  'create schema ticketing',
  `create table ticketing.ledger (idempotency_key text primary key, outcome text not null, ticket_id text,
     unique_partition int not null, unique_offset bigint not null, received_at timestamptz not null)`,
  `create table ticketing.duplicates (raw_partition int, raw_offset bigint, idempotency_key text not null,
     primary key (raw_partition, raw_offset))`,
  `create table ticketing.events (ticket_id text not null, version int not null, idempotency_key text not null,
     event_id text not null, type text not null, payload json not null, global_id bigint generated always as identity,
     recorded_at timestamptz not null default now(), tx_id xid8 not null default pg_current_xact_id())`,
  'create table ticketing.outbox_cursors (source text primary key, tx_id xid8 not null, id bigint not null)',
  `insert into ticketing.outbox_cursors values ('events', '0', 0)`,
  'create table ticketing.tickets (ticket_id text primary key, version int, message_count int)',
  'create table ticketing.ticket_messages (bot_id text, chat_id text, message_id bigint, ticket_id text, version int)',
];

let kafka: Kafka;
let producer: BatchingProducer;
let database: Client;
let databaseUrl: string;
const failures: Error[] = [];

beforeAll(async () => {
  const stack = await useStack();
  databaseUrl = await stack.postgres.createDatabase(uniqueName('checker').replace('-', '_'));
  kafka = connectKafka({ brokers: stack.kafka.brokers, clientId: 'checker-spec' });
  await kafka.admin.createMissing(topicDeclarations({ partitions: PARTITIONS }), { replicationFactor: 1 });
  producer = await kafka.producer();
  database = new Client({ connectionString: databaseUrl });
  await database.connect();
  for (const statement of TABLES) await database.query(statement);
});

afterAll(async () => {
  await database?.end();
  await producer?.close();
  await kafka?.close();
  await releaseStack();
});

/** Does by hand what dedupe and ticketing do with one update and a copy of it. */
async function settleByHand(updateId: number): Promise<string> {
  const bytes = messageUpdate({ updateId, chatId: 500_000 + updateId });
  const update = parseUpdate(bytes);
  if (isMalformed(update)) throw new Error(update.malformed);
  const key = idempotencyKey(BOT, update);
  const receivedAt = new Date('2026-01-31T12:00:00.123Z');
  const first = await producer.send(TOPICS.raw, rawRecord(BOT, bytes, receivedAt));
  const copy = await producer.send(TOPICS.raw, rawRecord(BOT, bytes, receivedAt));
  const { partition } = first;
  const unique = await producer.send(TOPICS.unique, uniqueRecord(BOT, bytes, receivedAt), { partition });
  const seen = encodeSeenRecord({ payloadHash: '0'.repeat(16), firstOffset: first.offset, firstSeenAt: Date.now() });
  await producer.send(TOPICS.seen, { key, value: seen }, { partition });
  const duplicate = {
    schemaVersion: 1,
    idempotencyKey: key,
    copy: { partition, offset: copy.offset, receivedAt: receivedAt.toISOString() },
    first: { offset: first.offset, seenAt: receivedAt.toISOString() },
  };
  const value = Buffer.from(JSON.stringify(duplicate));
  await producer.send(TOPICS.duplicates, { key: 'k', value, headers: { [HEADERS.botId]: BOT } }, { partition });
  const ticket = `ticket-${updateId}`;
  await database.query('insert into ticketing.ledger values ($1, $2, $3, $4, $5, $6)', [
    key,
    'ticket-opened',
    ticket,
    partition,
    unique.offset,
    receivedAt,
  ]);
  await database.query('insert into ticketing.duplicates values ($1, $2, $3)', [partition, copy.offset, key]);
  await appendMessage({ ticket, version: 1, key, messageId: updateId });
  await publishEvent(ticket, 1);
  await database.query('insert into ticketing.tickets values ($1, 1, 1)', [ticket]);
  return key;
}

/** One message: its event and its row. */
async function appendMessage(at: { ticket: string; version: number; key: string; messageId: number }): Promise<void> {
  const payload = JSON.stringify({ data: { botId: BOT, chatId: '1', messageId: at.messageId } });
  await database.query(`insert into ticketing.events values ($1, $2, $3, $4, 'message-appended', $5)`, [
    at.ticket,
    at.version,
    at.key,
    `${at.ticket}.${at.version}`,
    payload,
  ]);
  await database.query('insert into ticketing.ticket_messages values ($1, $2, $3, $4, $5)', [
    BOT,
    '1',
    at.messageId,
    at.ticket,
    at.version,
  ]);
}

function publishEvent(ticket: string, version: number) {
  const headers = { [HEADERS.eventId]: `${ticket}.${version}` };
  return producer.send(TOPICS.ticketEvents, { key: ticket, value: Buffer.from('{}'), headers });
}

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

/** Each change of one table that the others contradict, and the rules that name it. */
const TAMPERING: readonly (readonly [sql: string, rule: string])[] = [
  [`delete from ticketing.ticket_messages where ticket_id = 'ticket-3'`, 'event-without-message'],
  [`update ticketing.ticket_messages set ticket_id = 'ticket-4' where ticket_id = 'ticket-3'`, 'message-without-event'],
  [`insert into ticketing.ticket_messages values ('${BOT}', '1', 4711, 'ticket-3', 7)`, 'message-without-event'],
  [`update ticketing.tickets set message_count = 0 where ticket_id = 'ticket-3'`, 'ticket-differs-from-events'],
  [`update ticketing.tickets set version = 9 where ticket_id = 'ticket-3'`, 'ticket-differs-from-events'],
  [`update ticketing.ledger set outcome = 'ignored' where ticket_id = 'ticket-3'`, 'event-without-outcome'],
  [`update ticketing.ledger set ticket_id = 'ticket-4' where ticket_id = 'ticket-3'`, 'outcome-without-message-event'],
];

async function expectTamperingToBeSeen(audit: () => Promise<AuditReport>): Promise<void> {
  for (const [sql, rule] of TAMPERING) {
    const tables = ['ticket_messages', 'tickets', 'ledger'];
    for (const table of tables) await database.query(`create table kept_${table} as table ticketing.${table}`);
    await database.query(sql);
    const report = await audit();
    expect([sql, report.balanced, report.contradictions.map((found) => found.rule)]).toEqual([
      sql,
      false,
      expect.arrayContaining([rule]),
    ]);
    for (const table of tables) {
      await database.query(`truncate ticketing.${table}; insert into ticketing.${table} table kept_${table}`);
      await database.query(`drop table kept_${table}`);
    }
  }
  expect(await audit()).toMatchObject({ balanced: true });
}

test('reads both sides itself: pending until committed or relayed, balanced, and a lost event or ledger row is named', async () => {
  const keys: string[] = [];
  for (let updateId = 1; updateId <= 20; updateId += 1) keys.push(await settleByHand(updateId));
  const malformed = await producer.send(TOPICS.raw, {
    ...rawRecord(BOT, messageUpdate({ updateId: 1 })),
    value: Buffer.from('{'),
  });
  const audit = () => auditSystem({ kafka, databaseUrl, waitMs: 0 });

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

  await appendMessage({ ticket: 'ticket-1', version: 2, key: keys[0] ?? '', messageId: 1001 });
  await database.query(`update ticketing.tickets set version = 2, message_count = 2 where ticket_id = 'ticket-1'`);
  expect(await audit()).toMatchObject({ balanced: false, pending: 1, missing: [] });
  await database.query(`update ticketing.outbox_cursors set tx_id = pg_current_xact_id(), id = 21`);
  expect(await audit()).toMatchObject({ balanced: false, pending: 0, missing: [keys[0]] });
  await publishEvent('ticket-1', 2);
  expect(await audit()).toMatchObject({ balanced: true, events: 21, published: 21 });

  await expectTamperingToBeSeen(audit);

  await database.query('delete from ticketing.ledger where idempotency_key = $1', [keys[7]]);
  expect(await audit()).toMatchObject({ balanced: false, pending: 0, missing: [keys[7]] });
});
