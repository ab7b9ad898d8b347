import { UsageError } from './access.js';

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The waits of `TICKETING_RETRY_RUNGS` in milliseconds, as ticketing reads them. */
export function rungsInMs(text: string): number[] {
  return text.split(',').map((rung) => {
    const [, number, unit = ''] = /^([1-9]\d{0,8})(ms|s|m|h)$/.exec(rung.trim()) ?? [];
    const milliseconds = Number(number) * (UNITS_MS[unit] ?? Number.NaN);
    if (Number.isSafeInteger(milliseconds)) return milliseconds;
    throw new UsageError(
      `TICKETING_RETRY_RUNGS=${text}: give durations such as 500ms, 5s, 2m or 1h, with commas between`,
    );
  });
}
