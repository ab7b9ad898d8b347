import type { TicketingConfig } from './config.js';
import type { SettleRules } from './store/settle-batch.js';

/** What the settings say about settling. There is no ladder yet: what fails is given up, as before. */
export function settleRules(config: TicketingConfig, trace: SettleRules['trace']): SettleRules {
  return {
    nextHop: () => ({ type: 'dead-letter' }),
    trace,
    drainLimit: config.TICKETING_DRAIN_LIMIT,
    faults: config.FAULTS_ENABLED,
    now: Date.now,
  };
}
