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

/**
 * The latest after its first failure that any try of a record is planned, the last one included. The first wait begins with that failure;
 * each later one begins when a try has come, which an outage may put off for as long as the age allows. So the sum of the waits bounds only
 * records that are never late, and the age bounds all.
 */
export function longestLifeMs(ladder: Ladder): number {
  const { tries, jitter, maxAgeMs } = ladder;
  const firstMs = rungOf(ladder, 1);
  if (firstMs === undefined || tries < 2) return 0;
  return tries === 2 ? Math.min(firstMs + Math.floor(firstMs * jitter), maxAgeMs) : maxAgeMs;
}
