import type { Random } from './random.js';

/*
 * How long a failed update waits. n counts the failures of this update, without Retry-After:
 *
 *   n          wait before the next attempt
 *   1          0 s (at once)
 *   2 … 6      2, 4, 8, 16, 32 s
 *   7          min(64, U{60..120}), so 60 to 64 s
 *   8 and on   U{60..120} s, drawn anew each time
 *
 * `Retry-After: r` with r > 0 waits exactly r (at most an hour), counts as a failure and leaves the doubling where it stood.
 */

/** What a failed update remembers of its failures. */
export interface BackOff {
  failures: number;
  /** Seconds; doubles with each failure but the first. */
  delay: number;
}

/** Where every update begins, and begins again when the sender restarts. */
export const freshBackOff: Readonly<BackOff> = { failures: 0, delay: 1 };

/** What becomes of an update after a failure. */
export type AfterFailure = { action: 'wait'; seconds: number; backOff: BackOff } | { action: 'drop' };

/** The facts of one failure; times are unix seconds. */
export interface Failure {
  backOff: BackOff;
  retryAfter: number;
  now: number;
  expiresAt: number;
}

const longestRetryAfter = 3600;

/** Reads the header: whole seconds only, between 0 and one hour; anything else (a date, say) counts as absent. */
export function parseRetryAfter(header: string | undefined): number {
  if (header === undefined || !/^\d+$/.test(header.trim())) return 0;
  return Math.min(longestRetryAfter, Number(header));
}

/** Decides how long a failed update waits, or that it is given up because it would expire while waiting. */
export function afterFailure(failure: Failure, random: Random): AfterFailure {
  const { backOff, now, expiresAt } = failure;
  const retryAfter = Math.min(longestRetryAfter, Math.max(0, failure.retryAfter));
  let { delay } = backOff;
  let seconds = retryAfter;
  if (retryAfter === 0 && backOff.failures > 0) {
    delay = Math.min(random.int(60, 120), delay * 2);
    seconds = delay;
  }
  // Expiry is judged by the coming attempt, so an update dies up to two minutes before its time.
  if (now + seconds > expiresAt) return { action: 'drop' };
  return { action: 'wait', seconds, backOff: { failures: backOff.failures + 1, delay } };
}

const goneLimit = 23 * 60 * 60;

/**
 * Telegram forgets a webhook that says 410 for more than 23 hours. Give it the unix second of the first 410 of the present series and
 * the status of an answer; any other status ends the series, a broken connection (no status) does not.
 */
export function afterStatus(
  firstGone: number | undefined,
  status: number | undefined,
  now: number,
): { firstGone: number | undefined; removed: boolean } {
  if (status === undefined) return { firstGone, removed: false };
  if (status !== 410) return { firstGone: undefined, removed: false };
  return { firstGone: firstGone ?? now, removed: firstGone !== undefined && now - firstGone > goneLimit };
}
