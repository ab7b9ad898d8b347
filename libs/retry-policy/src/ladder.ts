/** How long and how often a failed record is tried again. */
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

/** The wait after so many tries, chance left out; undefined on a ladder without rungs. */
export function rungOf({ rungsMs }: Ladder, tries: number): number | undefined {
  return rungsMs[Math.min(tries, rungsMs.length) - 1];
}

/** The longest that a record can wait on its ladder, if each try comes when it is due. */
export function totalMs(ladder: Ladder): number {
  let sum = 0;
  for (let tries = 1; tries < ladder.tries; tries += 1) sum += (rungOf(ladder, tries) ?? 0) * (1 + ladder.jitter);
  return Math.min(Math.ceil(sum), ladder.maxAgeMs);
}
