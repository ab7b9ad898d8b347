import type { Outcome } from '@onceline/contracts';
import type { WithSession } from '../store/session.js';
import type { LedgerEntry } from './schemas.js';

/** By name, so that a column that a newer version adds does not change what a prepared statement answers. */
export const LEDGER_COLUMNS = `idempotency_key, bot_id, update_kind, outcome, reason, ticket_id, traceparent, received_at, settled_at,
  unique_partition, unique_offset, attempts, failure_code, redrive_id, redrive_count`;

/** Copies that a list shows of each entry. */
export const COPIES_IN_LISTS = 100;

const ENTRY = {
  name: 'one-ledger-entry',
  text: `select ${LEDGER_COLUMNS}, (select count(*)::int from ticketing.duplicates d where d.idempotency_key = l.idempotency_key) as duplicate_count
           from ticketing.ledger l where idempotency_key = $1`,
};
const WAITING = {
  name: 'waiting-of-key',
  text: `select $1::text as idempotency_key, p.conversation, p.head_key, p.due_at, coalesce(u.parked_at, p.parked_at) as since
           from ticketing.parked_conversations p left join ticketing.parked_updates u
             on u.conversation = p.conversation and u.idempotency_key = $1
           where p.head_key = $1 or p.conversation = (select conversation from ticketing.parked_updates where idempotency_key = $1)`,
};
const DUPLICATES = {
  name: 'duplicates-of-key',
  text: `select idempotency_key, raw_partition, raw_offset, received_at, first_raw_offset, first_seen_at from ticketing.duplicates
           where idempotency_key = $1 order by raw_partition, raw_offset limit 1000`,
};

export interface EntryRow {
  idempotency_key: string;
  bot_id: string;
  update_kind: string;
  outcome: Outcome;
  reason: string | null;
  ticket_id: string | null;
  traceparent: string | null;
  received_at: Date;
  settled_at: Date;
  unique_partition: number;
  unique_offset: string;
  duplicate_count: number;
  attempts: number;
  failure_code: string | null;
  redrive_id: string | null;
  redrive_count: number;
}

export interface WaitingRow {
  idempotency_key: string;
  conversation: string;
  head_key: string;
  due_at: Date;
  since: Date;
}

export interface CopyRow {
  idempotency_key: string;
  raw_partition: number;
  raw_offset: string;
  received_at: Date;
  first_raw_offset: string;
  first_seen_at: Date;
}

/** What became of an update; undefined while nothing has. */
export function readLedgerEntry(withSession: WithSession, key: string): Promise<LedgerEntry | undefined> {
  return withSession(async (session) => {
    const [entry] = (await session.query<EntryRow>(ENTRY, [key])).rows;
    if (!entry) return undefined;
    const duplicates = entry.duplicate_count === 0 ? [] : (await session.query<CopyRow>(DUPLICATES, [key])).rows;
    const [waiting] = entry.outcome === 'parked' ? (await session.query<WaitingRow>(WAITING, [key])).rows : [];
    return toEntry(entry, duplicates, waiting);
  });
}

export function toEntry(row: EntryRow, duplicates: readonly CopyRow[], waiting: WaitingRow | undefined): LedgerEntry {
  return {
    idempotencyKey: row.idempotency_key,
    botId: row.bot_id,
    updateKind: row.update_kind,
    outcome: row.outcome,
    reason: row.reason,
    ticketId: row.ticket_id,
    traceId: row.traceparent?.split('-')[1] ?? null,
    receivedAt: row.received_at.toISOString(),
    settledAt: row.settled_at.toISOString(),
    attempts: row.attempts,
    failureCode: row.failure_code,
    redriveId: row.redrive_id,
    redriveCount: row.redrive_count,
    waiting: waiting
      ? {
          conversation: waiting.conversation,
          headKey: waiting.head_key,
          dueAt: waiting.due_at.toISOString(),
          since: waiting.since.toISOString(),
        }
      : null,
    position: { partition: row.unique_partition, offset: Number(row.unique_offset) },
    duplicateCount: row.duplicate_count,
    duplicates: duplicates.map((copy) => ({
      partition: copy.raw_partition,
      offset: Number(copy.raw_offset),
      receivedAt: copy.received_at.toISOString(),
      firstOffset: Number(copy.first_raw_offset),
      firstSeenAt: copy.first_seen_at.toISOString(),
    })),
    explanation: explain({
      outcome: row.outcome,
      reason: row.reason,
      ticketId: row.ticket_id,
      receivedAt: row.received_at.toISOString(),
      copies: row.duplicate_count,
    }),
  };
}

/** For the person who posted the same line twice and wonders where the second ticket is. */
export function explain(entry: {
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly ticketId: string | null;
  readonly receivedAt: string;
  readonly copies: number;
}): string {
  const { outcome, reason, ticketId, receivedAt, copies } = entry;
  const why = reason === null ? '' : ` (${reason})`;
  const where = ticketId === null ? '' : `, ticket ${ticketId}`;
  const ended = outcome === 'parked' ? 'waits' : `ended as ${outcome}`;
  const first = `The copy received at ${receivedAt} ${ended}${why}${where}.`;
  if (copies === 0) return first;
  const later = copies === 1 ? '1 further copy was' : `${copies} further copies were`;
  return `${first} ${later} refused: the same update had been seen before, so it made no second ticket.`;
}
