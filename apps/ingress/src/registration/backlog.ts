/** One look at the number of waiting updates. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly pending: number;
}

/** Long enough that bursts even out, short enough that the end of an outage shows. */
const WINDOW_MS = 5 * 60_000;
/** However rarely somebody looks, two points make a line and three make it steadier. */
const FEWEST_SAMPLES = 3;

/** The samples to go on with, oldest first. A clock that was set back begins anew; of one moment the last look counts. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  if ((samples.at(-1)?.at ?? -Infinity) > sample.at) return [sample];
  const all = [...samples.filter(({ at }) => at < sample.at), sample];
  const firstInside = all.findIndex(({ at }) => at >= sample.at - WINDOW_MS);
  return all.slice(Math.max(0, Math.min(firstInside, all.length - FEWEST_SAMPLES)));
}

/** Updates per second by which the backlog grows: the slope of the straight line that fits best. 0 with one sample. */
export function growthPerSecond(samples: readonly Sample[]): number {
  const [first] = samples;
  if (first === undefined || samples.length < 2) return 0;
  // Seconds since the first one: squares of times since 1970 would eat the digits.
  const points = samples.map(({ at, pending }) => ({ x: (at - first.at) / 1000, y: pending }));
  const meanX = mean(points.map(({ x }) => x));
  const meanY = mean(points.map(({ y }) => y));
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (spread === 0) return 0;
  return points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

/** What decides whether updates are waiting, rather than just on their way. */
export interface Waiting {
  readonly at: number;
  readonly pending: number;
  /** Deliveries have failed lately. */
  readonly failing: boolean;
  /** As many as may be on their way at once. */
  readonly inHand: number;
  /** When the look before this one was. */
  readonly previousAt: number | undefined;
}

/**
 * Since when updates may be waiting; undefined when none is, or all are just on their way. Telegram does not tell the age
 * of the oldest one, so it may have come right after the last look that saw none waiting.
 */
export function waitingSince(before: number | undefined, now: Waiting): number | undefined {
  const onTheirWay = now.pending === 0 || (!now.failing && now.pending <= now.inHand);
  if (onTheirWay) return undefined;
  return before ?? now.previousAt ?? now.at;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
