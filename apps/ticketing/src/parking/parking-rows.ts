import { HEADERS, readableText } from '@onceline/contracts';
import { keptHeaders } from '../store/outbox-record.js';
import { arrays, sortedBy, type Rows } from '../store/rows.js';
import type { Head, ParkingChanges } from './parked-conversations.js';

type ConversationRow = ParkingChanges['parked'][number];

const HEAD_TYPES = ['text', 'text', 'int', 'text', 'timestamptz', 'timestamptz', 'text', 'text', 'int'];
const HEAD_COLUMNS = `conversation, head_key, attempt, redrive_id, first_failed_at, due_at, failure_code, failure_message, followers`;

function headValues(rows: readonly ConversationRow[]): unknown[][] {
  const sorted = sortedBy(rows, ({ conversation }) => conversation);
  const ofHead = <Value>(pick: (head: Head) => Value) => sorted.map(({ head }) => pick(head));
  return [
    sorted.map(({ conversation }) => conversation),
    ofHead(({ key }) => key),
    ofHead(({ attempt }) => attempt),
    ofHead(({ redriveId }) => redriveId),
    ofHead(({ firstFailedAt }) => (firstFailedAt === null ? null : new Date(firstFailedAt).toISOString())),
    ofHead(({ dueAt }) => new Date(dueAt).toISOString()),
    ofHead(({ failure }) => failure?.code ?? null),
    ofHead(({ failure }) => (failure === null ? null : readableText(failure.message).slice(0, 1024))),
    sorted.map(({ followers }) => followers),
  ];
}

/** Conversations that begin to wait. Another instance that parked one at the same time makes this fail on its key. */
export const PARKED_ROWS: Rows<ConversationRow> = {
  columns: HEAD_TYPES.length,
  sql: (first) =>
    `insert into ticketing.parked_conversations (${HEAD_COLUMNS}) select * from ${arrays(first, HEAD_TYPES)}`,
  values: headValues,
};

const LOCK_TYPES = ['text', 'bigint'];

/** Locks the conversations in one order everywhere, those that are still as they were read. */
export const LOCKED_ROWS: Rows<ParkingChanges['expected'][number]> = {
  columns: LOCK_TYPES.length,
  sql: (first) => `select p.conversation from ticketing.parked_conversations p
    join ${arrays(first, LOCK_TYPES)} as e(conversation, version)
      on p.conversation = e.conversation and p.version = e.version
    order by p.conversation for update of p`,
  values: (rows) => [rows.map(({ conversation }) => conversation), rows.map(({ version }) => version)],
};

/** Conversations that go on waiting, for another head or with more behind it. Only what is locked is changed. */
export const CHANGED_ROWS: Rows<ConversationRow> = {
  columns: HEAD_TYPES.length,
  sql: (first) => `update ticketing.parked_conversations p set head_key = w.head_key, attempt = w.attempt,
      redrive_id = w.redrive_id, first_failed_at = w.first_failed_at, due_at = w.due_at, failure_code = w.failure_code,
      failure_message = w.failure_message, followers = w.followers, version = p.version + 1
    from locked join ${arrays(first, HEAD_TYPES)} as w(${HEAD_COLUMNS}) on w.conversation = locked.conversation
    where p.conversation = locked.conversation`,
  values: headValues,
};

export const RELEASED_ROWS: Rows<string> = {
  columns: 1,
  sql: (first) => `delete from ticketing.parked_conversations p using locked
    where p.conversation = locked.conversation and locked.conversation = any($${first}::text[])`,
  values: (conversations) => [[...conversations]],
};

const QUEUED_TYPES = ['text', 'text', 'text', 'bytea', 'jsonb', 'text', 'text', 'int', 'bigint', 'bigint'];
const QUEUED_COLUMNS = `conversation, idempotency_key, record_key, value, headers, redrive_id, origin_topic, origin_partition,
  origin_offset, origin_timestamp`;

/** In the order of the batch, so that places in the queue rise with arrival. */
export const QUEUED_ROWS: Rows<ParkingChanges['queued'][number]> = {
  columns: QUEUED_TYPES.length,
  sql: (first) => `insert into ticketing.parked_updates (${QUEUED_COLUMNS})
    select ${QUEUED_COLUMNS} from ${arrays(first, QUEUED_TYPES)} with ordinality as q(${QUEUED_COLUMNS}, position)
    order by position`,
  values: (rows) => [
    rows.map(({ conversation }) => conversation),
    rows.map(({ update }) => update.idempotencyKey),
    rows.map(({ update }) => (update.record.key === null ? null : readableText(update.record.key))),
    rows.map(({ update }) => update.record.value),
    rows.map(({ update }) => JSON.stringify(queuedHeaders(update))),
    rows.map(({ update: { delivery } }) => (delivery.type === 'again' ? (delivery.redrive?.id ?? null) : null)),
    rows.map(({ update }) => update.record.topic),
    rows.map(({ update }) => update.record.partition),
    rows.map(({ update }) => update.record.offset),
    rows.map(({ update }) => update.record.timestamp),
  ],
};

const UNQUEUED_TYPES = ['text', 'bigint'];

export const UNQUEUED_ROWS: Rows<ParkingChanges['unqueued'][number]> = {
  columns: UNQUEUED_TYPES.length,
  sql: (first) => `delete from ticketing.parked_updates u
    using ${arrays(first, UNQUEUED_TYPES)} as w(conversation, seq)
    where u.conversation = w.conversation and u.seq = w.seq`,
  values: (rows) => [rows.map(({ conversation }) => conversation), rows.map(({ seq }) => seq)],
};

/** As they came, with the identity that the update was parked under and the span that parked it. */
function queuedHeaders(update: ParkingChanges['queued'][number]['update']): object {
  return {
    ...keptHeaders(update),
    [HEADERS.idempotencyKey]: update.idempotencyKey,
    ...(update.traceparent === null ? {} : { [HEADERS.previousTraceparent]: update.traceparent }),
  };
}
