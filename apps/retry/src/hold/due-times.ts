import type { ConsumedRecord } from '@onceline/kafka';
import { readFailureHeaders } from '@onceline/retry-policy';

/** Where a due time points that cannot be true; `none`: there is none, or no number. */
export const DIRECTIONS = ['past', 'future', 'none'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** When a record may go on, and why its own word for it was not believed. */
export interface DueTime {
  /** Milliseconds since the epoch. */
  readonly due: number;
  /** Null when it was believed. */
  readonly distrusted: Direction | null;
}

/** A due time, and the first moment, in milliseconds since the epoch, at which a record behind this one may be due. */
export interface DueTimes extends DueTime {
  readonly earliestBehind: number;
}

type Waiting = Pick<ConsumedRecord, 'headers' | 'timestamp'>;

/** A wait may be longer than its rung by this share at most: the jitter that settings allow, and some more. */
const LONGEST_SHARE = 1;
/** Between the failure and the append lies the outbox, which an outage may hold up for long. */
const OUTBOX_DELAY_MS = 24 * 3_600_000;
/** Clocks of two machines differ by less. */
const CLOCK_SLACK_MS = 60_000;

/** What the headers of a record in a topic that holds for `delayMs` say of its wait, as far as they can be true. */
export function dueTimesOf({ headers, timestamp }: Waiting, delayMs: number, now: number): DueTimes {
  const { dueAt, retriedAt } = readFailureHeaders(headers, timestamp);
  const wait = { timestamp, delayMs, now };
  return { ...dueTime(dueAt, wait), earliestBehind: earliestBehind(retriedAt, wait) };
}

interface Wait {
  readonly timestamp: number;
  readonly delayMs: number;
  readonly now: number;
}

/**
 * A header that cannot be true is not obeyed. Without a time, or with one older than any outage, the record waits one rung from its append.
 * With one further ahead than any rung, either that time is wrong or the clock that stamped the append is behind: then our own decides, so
 * that no try comes early. Whoever reads the record anew judges anew, but never puts it off for longer than any outage.
 */
function dueTime(said: number | undefined, { timestamp, delayMs, now }: Wait): DueTime {
  const rungOver = timestamp + delayMs;
  const earliest = rungOver - OUTBOX_DELAY_MS;
  const longest = delayMs * (1 + LONGEST_SHARE);
  const latest = timestamp + longest + CLOCK_SLACK_MS;
  if (said === undefined) return { due: rungOver, distrusted: 'none' };
  if (said < earliest) return { due: rungOver, distrusted: 'past' };
  if (said > latest) {
    return { due: Math.min(said, Math.min(now, timestamp + OUTBOX_DELAY_MS) + longest), distrusted: 'future' };
  }
  return { due: said, distrusted: null };
}

/**
 * It counts from the failure, not from the append: after an outage the outbox appends what failed long ago. A time still to come is
 * nobody's past: it would keep unread what is due before.
 */
function earliestBehind(said: number | undefined, { timestamp, delayMs, now }: Wait): number {
  const failedAt = said !== undefined && said >= timestamp - OUTBOX_DELAY_MS && said <= timestamp ? said : timestamp;
  return Math.min(failedAt, now) + delayMs;
}
