const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION = /^([1-9]\d{0,8})(ms|s|m|h)$/;

/** What a duration must look like, in words for an error. */
export const DURATION_RULE = 'must be a duration such as 500ms, 5s, 2m or 1h';

/** The milliseconds of text such as `500ms`, `5s`, `2m` or `1h`; undefined when it is no duration. */
export function millisecondsOf(text: string): number | undefined {
  const [, number, unit = ''] = DURATION.exec(text.trim()) ?? [];
  const milliseconds = Number(number) * (UNITS_MS[unit] ?? Number.NaN);
  return Number.isSafeInteger(milliseconds) ? milliseconds : undefined;
}

/** In the largest unit that leaves no fraction: `90s`, not `1.5m`. The inverse of {@link millisecondsOf}. */
export function durationText(milliseconds: number): string {
  const [unit, ms] = Object.entries(UNITS_MS).findLast(([, size]) => milliseconds % size === 0) ?? ['ms', 1];
  return `${milliseconds / ms}${unit}`;
}
