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
  readonly redriveCount: number;
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
      [HEADERS.redriveCount]: String(deadLetter.redriveCount + 1),
    },
  };
}
