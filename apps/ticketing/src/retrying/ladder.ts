/** How long and how often a failed update is tried again. */
export interface Ladder {
  /** Milliseconds to wait after each try; the last one repeats. */
  readonly rungsMs: readonly number[];
  /** Tries in all, the first one included. */
  readonly tries: number;
  /** Part of a rung that chance adds at most, so that what failed together does not come back together. */
  readonly jitter: number;
  /** No try is planned later than this after the first failure. */
  readonly maxAgeMs: number;
}

/** Where a failed update goes. */
export type LadderHop =
  | {
      readonly type: 'retry';
      /** The rung, whose topic holds the record. */
      readonly delayMs: number;
      /** Never before the rung is over. */
      readonly dueAt: number;
    }
  | { readonly type: 'dead-letter' };

/** @param tries made so far, from 1; `random` from 0 to 1 */
export function hopOn(
  ladder: Ladder,
  tries: number,
  times: { readonly firstFailedAt: number; readonly now: number; readonly random: number },
): LadderHop {
  const delayMs = rungOf(ladder, tries);
  if (delayMs === undefined || tries >= ladder.tries) return { type: 'dead-letter' };
  const dueAt = times.now + delayMs + Math.floor(delayMs * ladder.jitter * times.random);
  if (dueAt - times.firstFailedAt > ladder.maxAgeMs) return { type: 'dead-letter' };
  return { type: 'retry', delayMs, dueAt };
}

/** The longest that an update can wait on its ladder. */
export function totalMs(ladder: Ladder): number {
  let sum = 0;
  for (let tries = 1; tries < ladder.tries; tries += 1) sum += (rungOf(ladder, tries) ?? 0) * (1 + ladder.jitter);
  return Math.min(Math.ceil(sum), ladder.maxAgeMs);
}

function rungOf({ rungsMs }: Ladder, tries: number): number | undefined {
  return rungsMs[Math.min(tries, rungsMs.length) - 1];
}
