import { z } from 'zod';
import type { Ladder } from './ladder.js';

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION = /^([1-9]\d{0,8})(ms|s|m|h)$/;
const MUST = 'must be a duration such as 500ms, 5s, 2m or 1h';

function millisecondsOf(text: string): number {
  const [, number, unit = ''] = DURATION.exec(text.trim()) ?? [];
  return Number(number) * (UNITS_MS[unit] ?? Number.NaN);
}

const isDuration = (text: string) => Number.isSafeInteger(millisecondsOf(text));

/** The ladder's part of the configuration. Durations stay text, as people and topics write them. */
export const ladderSettings = {
  TICKETING_RETRY_RUNGS: z
    .string()
    .refine((text) => text.split(',').every(isDuration), `each ${MUST}`)
    .prefault('5s,30s,2m,10m,1h')
    .describe('a comma-separated list of waits between tries, e.g. 5s,30s,2m; the last one repeats'),
  TICKETING_RETRY_TRIES: z
    .string()
    .trim()
    .regex(/^[1-9]\d{0,2}$/, 'must be a whole number from 1 to 999')
    .transform(Number)
    .prefault('10')
    .describe('the tries that an update has before it becomes a dead letter, from 1 to 999'),
  TICKETING_RETRY_JITTER: z
    .string()
    .trim()
    .regex(/^(0(\.\d+)?|\.\d+)$/, 'must be a number from 0 to 0.5')
    .transform(Number)
    .pipe(z.number().max(0.5, 'must be from 0 to 0.5'))
    .prefault('0.1')
    .describe('the part of a wait that chance adds at most, from 0 to 0.5'),
  TICKETING_RETRY_MAX_AGE: z
    .string()
    .refine(isDuration, MUST)
    .prefault('24h')
    .describe('the longest time after its first failure that an update is tried again, e.g. 24h'),
};

export function ladderOf(config: {
  readonly TICKETING_RETRY_RUNGS: string;
  readonly TICKETING_RETRY_TRIES: number;
  readonly TICKETING_RETRY_JITTER: number;
  readonly TICKETING_RETRY_MAX_AGE: string;
}): Ladder {
  return {
    rungsMs: config.TICKETING_RETRY_RUNGS.split(',').map(millisecondsOf),
    tries: config.TICKETING_RETRY_TRIES,
    jitter: config.TICKETING_RETRY_JITTER,
    maxAgeMs: millisecondsOf(config.TICKETING_RETRY_MAX_AGE),
  };
}
