import type { RecordedMessage } from '../ticket/message.js';
import type { OutboxRecord } from './outbox-record.js';
import type { Settlement } from './plan-batch.js';
import { arrays, sortedBy, type Rows } from './rows.js';
import type { PlannedEvent } from './ticket-states.js';
import type { UnmarkedGap } from './unmarked-gaps.js';

const LEDGER_TYPES = [
  ...['text', 'text', 'text', 'text', 'text', 'text', 'int', 'bigint', 'timestamptz', 'text', 'int', 'text', 'text'],
];

/** The claim: what does not come back belongs to somebody else. */
export const LEDGER_ROWS: Rows<Settlement> = {
  columns: LEDGER_TYPES.length,
  sql: (first) => `insert into ticketing.ledger (idempotency_key, bot_id, update_kind, outcome, reason, ticket_id,
      unique_partition, unique_offset, received_at, traceparent, attempts, failure_code, conversation)
    select * from ${arrays(first, LEDGER_TYPES)} on conflict (idempotency_key) do nothing`,
  values(settlements) {
    const rows = sortedBy(settlements, ({ update }) => update.idempotencyKey);
    return [
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
      rows.map(({ attempts }) => attempts),
      rows.map(({ failure }) => failure?.code ?? null),
      rows.map(({ update }) => update.scope),
    ];
  },
};

const OUTCOME_TYPES = ['text', 'int', 'text', 'text', 'text', 'text', 'int', 'text', 'text', 'int'];

/** Outcomes that replace others: those, in the revision that was decided on, and no newer ones. */
export const OUTCOME_ROWS: Rows<Settlement> = {
  columns: OUTCOME_TYPES.length,
  sql: (first) => `update ticketing.ledger l set outcome = w.outcome, reason = w.reason, ticket_id = w.ticket_id,
      traceparent = w.traceparent, attempts = w.attempts, failure_code = coalesce(w.failure_code, l.failure_code),
      redrive_id = coalesce(w.redrive_id, l.redrive_id), redrive_count = greatest(w.redrive_count, l.redrive_count),
      revision = l.revision + 1, settled_at = now()
    from ${arrays(first, OUTCOME_TYPES)} as w(idempotency_key, revision, outcome, reason, ticket_id, traceparent, attempts,
      failure_code, redrive_id, redrive_count)
    where l.idempotency_key = w.idempotency_key and l.revision = w.revision`,
  values(settlements) {
    const rows = sortedBy(settlements, ({ update }) => update.idempotencyKey);
    return [
      rows.map(({ update }) => update.idempotencyKey),
      rows.map(({ before }) => before?.revision ?? 0),
      rows.map(({ outcome }) => outcome),
      rows.map(({ reason }) => reason),
      rows.map(({ ticketId }) => ticketId),
      rows.map(({ update }) => update.traceparent),
      rows.map(({ attempts }) => attempts),
      rows.map(({ failure }) => failure?.code ?? null),
      rows.map(({ redrive }) => redrive?.id ?? null),
      rows.map(({ redrive }) => redrive?.count ?? 0),
    ];
  },
};

const EVENT_TYPES = ['text', 'int', 'text', 'text', 'text', 'json', 'text', 'text'];

/**
 * In an order in which ids rise with the version of each ticket. Events leave in the order of their transactions, and one
 * that locked something before it read may be older than that of the ticket's last event: then its events take that one's place,
 * behind it. A number above its own is safe: what has it is read only when both have ended. Who sees nothing of younger transactions has
 * nobody to look for, and that is everyone who did not lock before.
 */
export const EVENT_ROWS: Rows<PlannedEvent> = {
  columns: EVENT_TYPES.length,
  sql: (
    first,
  ) => `insert into ticketing.events (ticket_id, version, type, event_id, idempotency_key, payload, traceparent,
      tracestate, tx_id)
    select ticket_id, version, type, event_id, idempotency_key, payload, traceparent, tracestate,
        case when (select pg_snapshot_xmax(pg_current_snapshot())) > pg_current_xact_id()
          then greatest(pg_current_xact_id(), (select last.tx_id from ticketing.events last
            where last.ticket_id = e.ticket_id order by last.version desc limit 1))
          else pg_current_xact_id() end
      from ${arrays(first, EVENT_TYPES)} with ordinality
        as e(ticket_id, version, type, event_id, idempotency_key, payload, traceparent, tracestate, position)
      order by position`,
  values: (planned) => eventColumns(inOrderOfTickets(planned)),
};

/** The same at every instance, so that two never wait for each other crosswise; the events of each ticket stay in theirs. */
function inOrderOfTickets(planned: readonly PlannedEvent[]): readonly PlannedEvent[] {
  return planned.toSorted(({ event: a }, { event: b }) =>
    a.ticketId === b.ticketId ? 0 : a.ticketId < b.ticketId ? -1 : 1,
  );
}

function eventColumns(rows: readonly PlannedEvent[]): unknown[][] {
  return [
    rows.map(({ event }) => event.ticketId),
    rows.map(({ event }) => event.version),
    rows.map(({ event }) => event.type),
    rows.map(({ event }) => event.eventId),
    rows.map(({ event }) => event.idempotencyKey),
    rows.map(({ event }) => JSON.stringify(event)),
    rows.map(({ trace }) => trace.traceparent),
    rows.map(({ trace }) => trace.tracestate),
  ];
}

const MESSAGE_TYPES = [
  ...['text', 'text', 'bigint', 'text', 'int', 'int', 'text', 'text', 'timestamptz', 'text', 'timestamptz', 'int'],
  'timestamptz',
];

/** The unique key of this table is the last judge: one message is in one ticket. What it reads like stays in its events, where it is sealed. */
export const MESSAGE_ROWS: Rows<RecordedMessage> = {
  columns: MESSAGE_TYPES.length,
  sql: (
    first,
  ) => `insert into ticketing.ticket_messages (bot_id, chat_id, message_id, ticket_id, version, content_version, author, sender_id,
      sent_at, media_group_id, edited_at, edit_count, deleted_at)
    select * from ${arrays(first, MESSAGE_TYPES)}`,
  values: (messages) => [
    messages.map(({ botId }) => botId),
    messages.map(({ chatId }) => chatId),
    messages.map(({ messageId }) => messageId),
    messages.map(({ ticketId }) => ticketId),
    messages.map(({ version }) => version),
    messages.map(({ contentVersion }) => contentVersion),
    messages.map(({ author }) => author),
    messages.map(({ sender }) => sender?.id ?? null),
    messages.map(({ sentAt }) => sentAt),
    messages.map(({ mediaGroupId }) => mediaGroupId),
    messages.map(({ editedAt }) => editedAt),
    messages.map(({ editCount }) => editCount),
    messages.map(({ deletedAt }) => deletedAt),
  ],
};

const EDITED_TYPES = ['text', 'text', 'bigint', 'int', 'timestamptz', 'int', 'timestamptz'];

/** Messages that read differently now, or are deleted. Two writers of one collide on the version of its ticket. */
export const EDITED_ROWS: Rows<RecordedMessage> = {
  columns: EDITED_TYPES.length,
  sql: (first) => `update ticketing.ticket_messages m set content_version = w.content_version, edited_at = w.edited_at,
      edit_count = w.edit_count, deleted_at = w.deleted_at
    from ${arrays(first, EDITED_TYPES)} as w(bot_id, chat_id, message_id, content_version, edited_at, edit_count, deleted_at)
    where m.bot_id = w.bot_id and m.chat_id = w.chat_id and m.message_id = w.message_id`,
  values: (messages) => [
    messages.map(({ botId }) => botId),
    messages.map(({ chatId }) => chatId),
    messages.map(({ messageId }) => messageId),
    messages.map(({ contentVersion }) => contentVersion),
    messages.map(({ editedAt }) => editedAt),
    messages.map(({ editCount }) => editCount),
    messages.map(({ deletedAt }) => deletedAt),
  ],
};

const OUTBOX_TYPES = ['text', 'text', 'bytea', 'jsonb'];

export const OUTBOX_ROWS: Rows<OutboxRecord> = {
  columns: OUTBOX_TYPES.length,
  sql: (first) => `insert into ticketing.outbox (topic, key, value, headers)
    select topic, key, value, headers from ${arrays(first, OUTBOX_TYPES)} with ordinality
      as o(topic, key, value, headers, position) order by position`,
  values: (rows) => [
    rows.map(({ topic }) => topic),
    rows.map(({ key }) => key),
    rows.map(({ value }) => value),
    rows.map(({ headers }) => JSON.stringify(headers)),
  ],
};

const GAP_TYPES = ['text', 'text', 'text', 'text', 'text', 'text'];

/** One that is there already has a place of its own; headers that lie must not make it fail for ever. */
export const GAP_ROWS: Rows<UnmarkedGap> = {
  columns: GAP_TYPES.length,
  sql: (
    first,
  ) => `insert into ticketing.unmarked_gaps (idempotency_key, conversation, update_kind, reason, received_at, given_up_at)
    select idempotency_key, conversation, update_kind, reason, received_at, given_up_at from ${arrays(first, GAP_TYPES)} with ordinality
      as g(idempotency_key, conversation, update_kind, reason, received_at, given_up_at, position) order by position
    on conflict (idempotency_key) do nothing`,
  values: (gaps) => [
    gaps.map(({ missing }) => missing.idempotencyKey),
    gaps.map(({ conversation }) => conversation),
    gaps.map(({ missing }) => missing.updateKind),
    gaps.map(({ missing }) => missing.reason),
    gaps.map(({ missing }) => missing.receivedAt),
    gaps.map(({ missing }) => missing.occurredAt),
  ],
};

/** By idempotency key: shown, or filled. */
export const GONE_GAP_ROWS: Rows<string> = {
  columns: 1,
  sql: (first) => `delete from ticketing.unmarked_gaps where idempotency_key = any($${first}::text[])`,
  values: (keys) => [sortedBy(keys, (key) => key)],
};
