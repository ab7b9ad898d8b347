/** Does by hand, for the checker's spec, what dedupe and ticketing do. */
import { HEADERS, TOPICS, encodeSeenRecord, idempotencyKey, isMalformed, parseUpdate } from '@onceline/contracts';
import type { BatchingProducer } from '@onceline/kafka';
import type { Client } from 'pg';
import { messageUpdate, rawRecord, uniqueRecord } from '@onceline/testing';

export const BOT = '1000001';
export const RETRIES = ['ticketing.retry.200ms', 'ticketing.redelivery'] as const;

/** The columns that the checker reads, as ticketing's migrations make them. */
export const TABLES = [
  'create schema ticketing',
  `create table ticketing.ledger (idempotency_key text primary key, outcome text not null, ticket_id text,
     unique_partition int not null, unique_offset bigint not null, received_at timestamptz not null,
     attempts int not null default 1, redrive_id text, redrive_count int not null default 0)`,
  `create table ticketing.parked_conversations (conversation text primary key, head_key text not null,
     attempt int not null, redrive_id text, followers int not null default 0, due_at timestamptz not null default now())`,
  `create table ticketing.parked_updates (conversation text not null, seq bigint generated always as identity,
     idempotency_key text not null, value bytea, redrive_id text)`,
  `create table ticketing.outbox (id bigint generated always as identity, topic text not null, headers jsonb not null,
     tx_id xid8 not null default pg_current_xact_id())`,
  `create table ticketing.outbox_refused (source text not null, id bigint not null, topic text not null,
     reason text not null)`,
  `create table ticketing.duplicates (raw_partition int, raw_offset bigint, idempotency_key text not null,
     primary key (raw_partition, raw_offset))`,
  `create table ticketing.events (ticket_id text not null, version int not null, idempotency_key text not null,
     event_id text not null, type text not null, payload json not null, global_id bigint generated always as identity,
     recorded_at timestamptz not null default now(), tx_id xid8 not null default pg_current_xact_id())`,
  'create table ticketing.outbox_cursors (source text primary key, tx_id xid8 not null, id bigint not null)',
  `insert into ticketing.outbox_cursors values ('events', '0', 0), ('outbox', '0', 0)`,
  `create table ticketing.tickets (ticket_id text primary key, version int, message_count int,
     status text not null default 'new')`,
  `create table ticketing.ticket_messages (bot_id text, chat_id text, message_id bigint, ticket_id text, version int,
     content_version int, edited_at timestamptz, edit_count int not null default 0,
     deleted_at timestamptz)`,
];

/** Each change of one table that the others contradict, and the rules that name it. */
export const TAMPERING: readonly (readonly [sql: string, ...rules: string[]])[] = [
  [`delete from ticketing.ticket_messages where ticket_id = 'ticket-3'`, 'event-without-message'],
  [`update ticketing.ticket_messages set ticket_id = 'ticket-4' where ticket_id = 'ticket-3'`, 'message-without-event'],
  [`insert into ticketing.ticket_messages values ('${BOT}', '1', 4711, 'ticket-3', 7, 7)`, 'message-without-event'],
  [
    `update ticketing.ticket_messages set content_version = 7 where ticket_id = 'ticket-3'`,
    'message-differs-from-events',
  ],
  [`update ticketing.ticket_messages set edit_count = 1 where ticket_id = 'ticket-3'`, 'message-differs-from-events'],
  [
    `update ticketing.ticket_messages set deleted_at = now() where ticket_id = 'ticket-3'`,
    'message-differs-from-events',
  ],
  [
    `update ticketing.ledger set outcome = 'event-recorded' where ticket_id = 'ticket-3'`,
    'outcome-without-message-event',
    'event-without-outcome',
  ],
  [
    `update ticketing.ledger set outcome = 'message-edited' where ticket_id = 'ticket-3'`,
    'outcome-without-message-event',
    'event-without-outcome',
  ],
  [
    `update ticketing.events set idempotency_key = 'command:ada:1' where ticket_id = 'ticket-3'`,
    'event-of-nobody',
    'outcome-without-message-event',
  ],
  [`update ticketing.tickets set message_count = 0 where ticket_id = 'ticket-3'`, 'ticket-differs-from-events'],
  [`update ticketing.tickets set status = 'closed' where ticket_id = 'ticket-3'`, 'ticket-differs-from-events'],
  [`update ticketing.tickets set version = 9 where ticket_id = 'ticket-3'`, 'ticket-differs-from-events'],
  [`update ticketing.ledger set outcome = 'ignored' where ticket_id = 'ticket-3'`, 'event-without-outcome'],
  [`update ticketing.ledger set ticket_id = 'ticket-4' where ticket_id = 'ticket-3'`, 'outcome-without-message-event'],
  [`update ticketing.ledger set unique_offset = 1000000 where ticket_id = 'ticket-3'`, 'ledger-position-differs'],
  [`update ticketing.events set payload = '{"data":{}}' where ticket_id = 'ticket-3'`, 'published-event-differs'],
  [`delete from ticketing.events where ticket_id = 'ticket-3'`, 'published-event-without-row'],
  [`update ticketing.events set type = 'update-missing' where ticket_id = 'ticket-3'`, 'gap-without-dead-letter'],
  [
    `insert into ticketing.outbox_refused values ('events', 7, 'tickets.events', 'record-too-large')`,
    'refused-by-kafka',
  ],
  ['delete from ticketing.parked_conversations', 'follower-without-head', 'parked-without-way-forward'],
  [
    'update ticketing.parked_conversations set attempt = 2, followers = 4',
    'parked-without-way-forward',
    'followers-miscounted',
  ],
  [`update ticketing.parked_conversations set due_at = now() - interval '61 minutes'`, 'retry-overdue'],
  [`update ticketing.parked_conversations set redrive_id = 'r1'`, 'parked-without-way-forward'],
  ['delete from ticketing.parked_updates', 'parked-without-way-forward'],
  [`update ticketing.parked_updates set value = 'other bytes'`, 'waiting-payload-differs'],
  [`update ticketing.ledger set outcome = 'ignored' where outcome = 'parked'`, 'waits-without-being-parked'],
  [
    `delete from ticketing.ledger where outcome = 'parked'; delete from ticketing.parked_conversations`,
    'retry-without-parked',
  ],
  [
    `insert into ticketing.outbox (topic, headers) select 'ticketing.dead-letter', jsonb_build_object('idempotency-key', idempotency_key)
       from ticketing.ledger, generate_series(1, 2) where ticket_id = 'ticket-3'`,
    'dead-lettered-too-often',
  ],
];

/** Not long ago, or retention deletes the records under the test. */
const receivedAt = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000 + 123);

export class Hands {
  private readonly parkedBytes = new Map<string, Buffer>();
  private readonly payloads = new Map<string, string>();

  constructor(
    private readonly producer: BatchingProducer,
    private readonly database: Client,
  ) {}

  /** Does by hand what dedupe does with one update. */
  private async passOn(updateId: number) {
    const bytes = messageUpdate({ updateId, chatId: 500_000 + updateId });
    const update = parseUpdate(bytes);
    if (isMalformed(update)) throw new Error(update.malformed);
    const key = idempotencyKey(BOT, update);
    const first = await this.producer.send(TOPICS.raw, rawRecord(BOT, bytes, receivedAt));
    const { partition } = first;
    const unique = await this.producer.send(TOPICS.unique, uniqueRecord(BOT, bytes, receivedAt), { partition });
    const seen = encodeSeenRecord({ payloadHash: '0'.repeat(16), firstOffset: first.offset, firstSeenAt: Date.now() });
    await this.producer.send(TOPICS.seen, { key, value: seen }, { partition });
    return { bytes, key, first, partition, unique };
  }

  /** And what ticketing does with it when it fails for now: the update waits, for a later try or behind such a one. */
  async park(updateId: number, conversation: string, isHead: boolean): Promise<string> {
    const { bytes, key, partition, unique } = await this.passOn(updateId);
    const attempts = isHead ? 1 : 0;
    await this.database.query('insert into ticketing.ledger values ($1, $2, null, $3, $4, $5, $6)', [
      key,
      'parked',
      partition,
      unique.offset,
      receivedAt,
      attempts,
    ]);
    if (isHead) {
      await this.database.query('insert into ticketing.parked_conversations values ($1, $2, 1, null, 0)', [
        conversation,
        key,
      ]);
      await this.database.query(`insert into ticketing.outbox (topic, headers) values ($1, $2)`, [
        RETRIES[0],
        { [HEADERS.idempotencyKey]: key, [HEADERS.attempt]: '1' },
      ]);
    } else {
      const count = 'update ticketing.parked_conversations set followers = followers + 1 where conversation = $1';
      await this.database.query(count, [conversation]);
      const park = 'insert into ticketing.parked_updates (conversation, idempotency_key, value) values ($1, $2, $3)';
      await this.database.query(park, [conversation, key, bytes]);
    }
    this.parkedBytes.set(key, bytes);
    return key;
  }

  /** The record by which a parked update comes back. */
  async sendRetry(topic: (typeof RETRIES)[number], key: string, attempt = 1): Promise<void> {
    const record = uniqueRecord(BOT, this.parkedBytes.get(key) ?? Buffer.alloc(0), receivedAt);
    await this.producer.send(topic, { ...record, headers: { ...record.headers, [HEADERS.attempt]: String(attempt) } });
  }

  /** Does by hand what dedupe and ticketing do with one update and a copy of it. */
  async settle(updateId: number): Promise<string> {
    const { bytes, key, first, partition, unique } = await this.passOn(updateId);
    const copy = await this.producer.send(TOPICS.raw, rawRecord(BOT, bytes, receivedAt));
    const duplicate = {
      schemaVersion: 1,
      idempotencyKey: key,
      copy: { partition, offset: copy.offset, receivedAt: receivedAt.toISOString() },
      first: { offset: first.offset, seenAt: receivedAt.toISOString() },
    };
    const value = Buffer.from(JSON.stringify(duplicate));
    await this.producer.send(TOPICS.duplicates, { key: 'k', value, headers: { [HEADERS.botId]: BOT } }, { partition });
    const ticket = `ticket-${updateId}`;
    await this.database.query('insert into ticketing.ledger values ($1, $2, $3, $4, $5, $6)', [
      key,
      'ticket-opened',
      ticket,
      partition,
      unique.offset,
      receivedAt,
    ]);
    await this.database.query('insert into ticketing.duplicates values ($1, $2, $3)', [partition, copy.offset, key]);
    await this.appendMessage({ ticket, version: 1, key, messageId: updateId });
    await this.publishEvent(ticket, 1);
    await this.database.query('insert into ticketing.tickets values ($1, 1, 1)', [ticket]);
    return key;
  }

  /** One message: its event and its row. */
  async appendMessage(at: { ticket: string; version: number; key: string; messageId: number }): Promise<void> {
    const payload = JSON.stringify({ data: { botId: BOT, chatId: '1', messageId: at.messageId } });
    this.payloads.set(`${at.ticket}.${at.version}`, payload);
    await this.database.query(`insert into ticketing.events values ($1, $2, $3, $4, 'message-appended', $5)`, [
      at.ticket,
      at.version,
      at.key,
      `${at.ticket}.${at.version}`,
      payload,
    ]);
    await this.database.query('insert into ticketing.ticket_messages values ($1, $2, $3, $4, $5, $5)', [
      BOT,
      '1',
      at.messageId,
      at.ticket,
      at.version,
    ]);
  }

  publishEvent(ticket: string, version: number) {
    const eventId = `${ticket}.${version}`;
    const value = Buffer.from(this.payloads.get(eventId) ?? '');
    return this.producer.send(TOPICS.ticketEvents, { key: ticket, value, headers: { [HEADERS.eventId]: eventId } });
  }
}
