import type { OpenTicket } from '../ticket/state.js';
import type { OutboxRecord } from './dead-letter.js';
import type { PlannedEvent, Settlement } from './plan-batch.js';
import type { Session, Statement } from './session.js';

/** Every statement of the hot path: one round trip each, whatever the size of the batch. */

const SETTLED_KEYS: Statement = {
  name: 'settled-keys',
  text: 'select idempotency_key as key from ticketing.ledger where idempotency_key = any($1::text[])',
};

export async function readSettledKeys(session: Session, keys: readonly string[]): Promise<ReadonlySet<string>> {
  const { rows } = await session.query<{ key: string }>(SETTLED_KEYS, [keys]);
  return new Set(rows.map(({ key }) => key));
}

const OPEN_TICKETS: Statement = {
  name: 'open-tickets',
  text: `select ticket_id, bot_id, chat_id, conversation, customer_id, version, message_count, opened_at, updated_at
           from ticketing.tickets where conversation = any($1::text[]) and status = 'open'`,
};

interface TicketRow {
  ticket_id: string;
  bot_id: string;
  chat_id: string;
  conversation: string;
  customer_id: string | null;
  version: number;
  message_count: number;
  opened_at: Date;
  updated_at: Date;
}

export async function readOpenTickets(
  session: Session,
  conversations: readonly string[],
): Promise<ReadonlyMap<string, OpenTicket>> {
  const { rows } = await session.query<TicketRow>(OPEN_TICKETS, [conversations]);
  return new Map(rows.map((row) => [row.conversation, toOpenTicket(row)]));
}

function toOpenTicket(row: TicketRow): OpenTicket {
  return {
    status: 'open',
    ticketId: row.ticket_id,
    botId: row.bot_id,
    chatId: row.chat_id,
    conversation: row.conversation,
    customerId: row.customer_id,
    version: row.version,
    messageCount: row.message_count,
    openedAt: row.opened_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

const RECORDED_MESSAGES: Statement = {
  name: 'recorded-messages',
  text: `select bot_id, chat_id, message_id, ticket_id from ticketing.ticket_messages
           join unnest($1::text[], $2::text[], $3::bigint[]) as wanted(bot_id, chat_id, message_id)
             using (bot_id, chat_id, message_id)`,
};

export interface RecordedMessage {
  bot_id: string;
  chat_id: string;
  message_id: string;
  ticket_id: string;
}

export async function readRecordedMessages(
  session: Session,
  messages: readonly { botId: string; chatId: string; messageId: number }[],
): Promise<readonly RecordedMessage[]> {
  const columns = [
    messages.map(({ botId }) => botId),
    messages.map(({ chatId }) => chatId),
    messages.map(({ messageId }) => messageId),
  ];
  return (await session.query<RecordedMessage>(RECORDED_MESSAGES, columns)).rows;
}

const INSERT_LEDGER: Statement = {
  name: 'insert-ledger',
  text: `insert into ticketing.ledger (idempotency_key, bot_id, update_kind, outcome, reason, ticket_id,
             unique_partition, unique_offset, received_at, traceparent)
           select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
             $7::int[], $8::bigint[], $9::timestamptz[], $10::text[])
           on conflict (idempotency_key) do nothing`,
};

/** Claims the keys; answers how many were free. Sorted, so that two instances never wait for each other crosswise. */
export async function insertLedger(session: Session, settlements: readonly Settlement[]): Promise<number> {
  const rows = sortedBy(settlements, ({ update }) => update.idempotencyKey);
  const result = await session.query(INSERT_LEDGER, [
    rows.map(({ update }) => update.idempotencyKey),
    rows.map(({ update }) => update.botId),
    rows.map(({ update }) => update.updateKind),
    rows.map(({ outcome }) => outcome),
    rows.map(({ reason }) => reason),
    rows.map(({ ticketId }) => ticketId),
    rows.map(({ update }) => update.record.partition),
    rows.map(({ update }) => update.record.offset),
    rows.map(({ update }) => update.receivedAt),
    rows.map(({ update }) => update.traceparent),
  ]);
  return result.rowCount;
}

const INSERT_EVENTS: Statement = {
  name: 'insert-events',
  // In the order of the batch, so that ids rise with the version of each ticket.
  text: `insert into ticketing.events (ticket_id, version, type, event_id, idempotency_key, payload, traceparent, tracestate)
           select ticket_id, version, type, event_id, idempotency_key, payload, traceparent, tracestate
             from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::json[], $7::text[], $8::text[])
               with ordinality as e(ticket_id, version, type, event_id, idempotency_key, payload, traceparent, tracestate, position)
             order by position`,
};

export async function insertEvents(session: Session, events: readonly PlannedEvent[]): Promise<void> {
  if (events.length === 0) return;
  await session.query(INSERT_EVENTS, [
    events.map(({ event }) => event.ticketId),
    events.map(({ event }) => event.version),
    events.map(({ event }) => event.type),
    events.map(({ event }) => event.eventId),
    events.map(({ event }) => event.idempotencyKey),
    events.map(({ event }) => JSON.stringify(event)),
    events.map(({ update }) => update.traceparent),
    events.map(({ update }) => update.tracestate),
  ]);
}

const UPSERT_TICKETS: Statement = {
  name: 'upsert-tickets',
  text: `insert into ticketing.tickets (ticket_id, bot_id, chat_id, conversation, customer_id, status, version,
             message_count, opened_at, updated_at)
           select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[],
             $8::int[], $9::timestamptz[], $10::timestamptz[])
           on conflict (ticket_id) do update set status = excluded.status, version = excluded.version,
             message_count = excluded.message_count, updated_at = excluded.updated_at`,
};

/** Two writers of one ticket have collided on its event version before they get here. */
export async function upsertTickets(session: Session, tickets: readonly OpenTicket[]): Promise<void> {
  if (tickets.length === 0) return;
  const rows = sortedBy(tickets, ({ ticketId }) => ticketId);
  await session.query(UPSERT_TICKETS, [
    rows.map(({ ticketId }) => ticketId),
    rows.map(({ botId }) => botId),
    rows.map(({ chatId }) => chatId),
    rows.map(({ conversation }) => conversation),
    rows.map(({ customerId }) => customerId),
    rows.map(({ status }) => status),
    rows.map(({ version }) => version),
    rows.map(({ messageCount }) => messageCount),
    rows.map(({ openedAt }) => openedAt),
    rows.map(({ updatedAt }) => updatedAt),
  ]);
}

const INSERT_MESSAGES: Statement = {
  name: 'insert-messages',
  text: `insert into ticketing.ticket_messages (bot_id, chat_id, message_id, ticket_id, version, sent_at, text)
           select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::int[], $6::timestamptz[], $7::text[])`,
};

/** The unique key of this table is the last judge: one message is in one ticket. */
export async function insertMessages(session: Session, events: readonly PlannedEvent['event'][]): Promise<void> {
  const rows = events.filter((event) => event.type === 'message-appended');
  if (rows.length === 0) return;
  await session.query(INSERT_MESSAGES, [
    rows.map(({ data }) => data.botId),
    rows.map(({ data }) => data.chatId),
    rows.map(({ data }) => data.messageId),
    rows.map(({ ticketId }) => ticketId),
    rows.map(({ version }) => version),
    rows.map(({ data }) => data.sentAt),
    rows.map(({ data }) => data.text),
  ]);
}

const INSERT_OUTBOX: Statement = {
  name: 'insert-outbox',
  text: `insert into ticketing.outbox (topic, key, value, headers)
           select topic, key, value, headers from unnest($1::text[], $2::text[], $3::bytea[], $4::jsonb[])
             with ordinality as o(topic, key, value, headers, position) order by position`,
};

export async function insertOutbox(session: Session, records: readonly OutboxRecord[]): Promise<void> {
  if (records.length === 0) return;
  await session.query(INSERT_OUTBOX, [
    records.map(({ topic }) => topic),
    records.map(({ key }) => key),
    records.map(({ value }) => value),
    records.map(({ headers }) => JSON.stringify(headers)),
  ]);
}

function sortedBy<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Row[] {
  return [...rows].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}
