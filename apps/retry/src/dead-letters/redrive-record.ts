import { HEADERS } from '@onceline/contracts';
import type { OutgoingRecord } from '@onceline/kafka';

/** What a failure left on the record; a redrive begins anew. */
const LEFT_BEHIND: readonly string[] = [
  HEADERS.firstFailedAt,
  HEADERS.failureKind,
  HEADERS.failureCode,
  HEADERS.failureMessage,
  HEADERS.failureClass,
  HEADERS.deadLetterReason,
  HEADERS.handlerVersion,
  HEADERS.dueAt,
  HEADERS.retriedAt,
];

/** What of a dead letter is needed to send it again. */
export interface Redrivable {
  readonly key: string | null;
  readonly payload: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Redrives of its update before this one. */
  readonly redrivesBefore: number;
}

/**
 * SQL for the redrives that the update of a dead letter may have had before this one: what any of its dead letters says, and every
 * redrive that took one of them. A redrive that was cancelled counts, because its record may have left.
 * @param letter the dead letter's name in the query
 * @param redrive SQL for the id of this redrive
 */
export function redrivesBefore(letter: string, redrive: string): string {
  return `greatest(${letter}.redrive_count,
    (select max(other.redrive_count) from retry.dead_letters other
      where other.consumer = ${letter}.consumer and other.idempotency_key = ${letter}.idempotency_key),
    (select count(distinct taken.redrive_id) from retry.dead_letters other join retry.redrive_items taken using (dead_letter_id)
      where other.consumer = ${letter}.consumer and other.idempotency_key = ${letter}.idempotency_key
        and taken.redrive_id <> ${redrive}))::int`;
}

/** The record as it enters behind dedupe: its first try again, under a name that tells it from a stale copy. */
export function redriveRecord(deadLetter: Redrivable, redriveId: string): OutgoingRecord {
  const kept = Object.entries(deadLetter.headers).filter(([name]) => !LEFT_BEHIND.includes(name));
  return {
    key: deadLetter.key,
    value: deadLetter.payload,
    headers: {
      ...Object.fromEntries(kept),
      [HEADERS.attempt]: '0',
      [HEADERS.redriveId]: redriveId,
      [HEADERS.redriveCount]: String(deadLetter.redrivesBefore + 1),
    },
  };
}
