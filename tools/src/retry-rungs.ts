import { rungsMsOf } from '@onceline/retry-policy';
import { UsageError } from './access.js';

/** The waits of `TICKETING_RETRY_RUNGS` in milliseconds, as ticketing reads them. */
export function rungsInMs(text: string): number[] {
  try {
    return rungsMsOf(text);
  } catch {
    throw new UsageError(
      `TICKETING_RETRY_RUNGS=${text}: give durations such as 500ms, 5s, 2m or 1h, with commas between`,
    );
  }
}
