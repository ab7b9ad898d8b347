import { z } from 'zod';
import { DURATION_RULE, millisecondsOf } from './durations.js';
import type { Ladder } from './ladder.js';

const isDuration = (text: string) => millisecondsOf(text) !== undefined;

/** The ladder's part of the configuration. Durations stay text, as people and topics write them. */
export const ladderSettings = {
  TICKETING_RETRY_RUNGS: z
    .string()
    .refine((text) => text.split(',').every(isDuration), `each ${DURATION_RULE}`)
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
    .refine(isDuration, DURATION_RULE)
    .prefault('24h')
    .describe('the longest time after its first failure that an update is tried again, e.g. 24h'),
};

/** The ladder that the settings describe. */
export function ladderOf(config: {
  readonly TICKETING_RETRY_RUNGS: string;
  readonly TICKETING_RETRY_TRIES: number;
  readonly TICKETING_RETRY_JITTER: number;
  readonly TICKETING_RETRY_MAX_AGE: string;
}): Ladder {
  return {
    rungsMs: rungsMsOf(config.TICKETING_RETRY_RUNGS),
    tries: config.TICKETING_RETRY_TRIES,
    jitter: config.TICKETING_RETRY_JITTER,
    maxAgeMs: durationOf(config.TICKETING_RETRY_MAX_AGE),
  };
}

/**
 * The waits of text such as `5s,30s,2m` in milliseconds.
 * @throws RangeError when one of them is no duration
 */
export function rungsMsOf(text: string): number[] {
  return text.split(',').map(durationOf);
}

function durationOf(text: string): number {
  const milliseconds = millisecondsOf(text);
  if (milliseconds === undefined) throw new RangeError(`"${text}" ${DURATION_RULE}`);
  return milliseconds;
}
