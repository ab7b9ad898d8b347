import { DeadLetterWatch, OutageBreaker } from '@onceline/retry-policy';
import type { TicketingConfig } from '../config.js';

/** What the settings say about stopping. */
export function gateParts(config: TicketingConfig): { outage: OutageBreaker; deadLetters: DeadLetterWatch } {
  return {
    outage: new OutageBreaker({
      firstMs: config.DATABASE_BREAKER_FIRST_MS,
      longestMs: config.DATABASE_BREAKER_LONGEST_MS,
    }),
    deadLetters: new DeadLetterWatch({
      share: config.DEAD_LETTER_BREAKER_PERCENT / 100,
      records: config.DEAD_LETTER_BREAKER_RECORDS,
      windowMs: config.DEAD_LETTER_BREAKER_WINDOW_MS,
      trialEveryMs: config.DEAD_LETTER_BREAKER_TRIAL_MS,
    }),
  };
}
