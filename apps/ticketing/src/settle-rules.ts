import { ladderOf, nextHop } from '@onceline/retry-policy';
import type { TicketingConfig } from './config.js';
import type { SettleRules } from './store/settle-batch.js';

/** What the settings say about settling. */
export function settleRules(
  config: TicketingConfig,
  given: Pick<SettleRules, 'receive' | 'trace' | 'keep' | 'vault'>,
): SettleRules {
  const ladder = ladderOf(config);
  return {
    nextHop: (failure, attempt, times) =>
      nextHop(ladder, { consumer: 'ticketing', failure, attempt, ...times, random: Math.random() }),
    ...given,
    drainLimit: config.TICKETING_DRAIN_LIMIT,
    faults: config.FAULTS_ENABLED,
    now: Date.now,
  };
}
