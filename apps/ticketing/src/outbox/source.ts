import { HEADERS, TOPICS } from '@onceline/contracts';
import type { OutgoingRecord } from '@onceline/kafka';
import type { OutboxSourceName } from '../metrics.js';
import type { Statement } from '../store/session.js';

/** Position in commit order. Both are 64 bits wide, so they stay text. */
export interface Cursor {
  readonly txId: string;
  readonly id: string;
}

/** Columns that every source's `fetch` answers with. */
export interface SourceRow {
  readonly tx_id: string;
  readonly id: string;
}

/** What latency is measured by: when it happened that a row tells of, and the trace that it belongs to. */
export interface Happening {
  /** Milliseconds since the epoch; a customer's message happens when the ingress receives it. */
  readonly at: number;
  readonly traceparent: string | null;
}

/** A table whose rows become records. */
export interface OutboxSource<Row extends SourceRow = SourceRow> {
  readonly name: OutboxSourceName;
  /** Parameters: transaction and id of the cursor, number of rows at most. */
  readonly fetch: Statement;
  /** Takes away what is not needed any more of rows up to the cursor. Parameters: its transaction and id. */
  readonly forget?: Statement;
  /** Undefined when the row tells of nothing that happened outside. */
  happeningOf(row: Row): Happening | undefined;
  toRecord(row: Row): { readonly topic: string; readonly record: OutgoingRecord };
}

/**
 * Ids are taken before a commit, so a lower id can appear after a higher one was read. Rows are therefore read in the
 * order of their transactions, and only those below the oldest one still running: nothing can appear before them any more.
 */
function inCommitOrder(table: string, id: string): string {
  return `from ticketing.${table} where tx_id < pg_snapshot_xmin(pg_current_snapshot()) and (tx_id, ${id}) > ($1::xid8, $2::bigint)
    order by tx_id, ${id} limit`;
}

interface EventRow extends SourceRow {
  readonly ticket_id: string;
  readonly type: string;
  readonly event_id: string;
  readonly payload: string;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

/** Of the envelope, which comes first. Parsing all of it for one time would cost as much as all the rest of the relay. */
const OCCURRED_AT = /"occurredAt":"([^"]+)"/;

/** The event table is its own outbox. */
export const EVENTS_SOURCE: OutboxSource<EventRow> = {
  name: 'events',
  fetch: {
    name: 'fetch-events',
    text: `select tx_id::text, global_id::text as id, ticket_id, type, event_id, payload::text, traceparent, tracestate
             ${inCommitOrder('events', 'global_id')} $3`,
  },
  happeningOf({ payload, traceparent }) {
    const at = Date.parse(OCCURRED_AT.exec(payload)?.[1] ?? '');
    return Number.isNaN(at) ? undefined : { at, traceparent };
  },
  toRecord: (row) => ({
    topic: TOPICS.ticketEvents,
    record: {
      key: row.ticket_id,
      value: Buffer.from(row.payload, 'utf8'),
      headers: {
        [HEADERS.eventId]: row.event_id,
        [HEADERS.eventType]: row.type,
        ...(row.traceparent === null ? {} : { [HEADERS.traceparent]: row.traceparent }),
        ...(row.tracestate === null ? {} : { [HEADERS.tracestate]: row.tracestate }),
      },
    },
  }),
};

interface RecordRow extends SourceRow {
  readonly topic: string;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Record<string, string>;
}

/** Records that are no events: retries, first redeliveries of what was parked, dead letters. */
export const RECORDS_SOURCE: OutboxSource<RecordRow> = {
  name: 'outbox',
  fetch: {
    name: 'fetch-outbox',
    text: `select tx_id::text, id::text, topic, key, value, headers ${inCommitOrder('outbox', 'id')} $3`,
  },
  // What the customer wrote is in the topic then, which forgets it in its time; the rest stays for the audit.
  forget: {
    name: 'forget-outbox',
    text: `update ticketing.outbox set value = null where value is not null and (tx_id, id) <= ($1::xid8, $2::bigint)`,
  },
  happeningOf: () => undefined,
  toRecord: ({ topic, key, value, headers }) => ({ topic, record: { key, value, headers } }),
};
