import { retryTopicName } from '@onceline/contracts';
import type { TicketingConfig } from './config.js';
import { ladderOf } from './retrying/ladder-settings.js';
import { hopOn } from './retrying/ladder.js';
import type { SettleRules } from './store/settle-batch.js';

/** What the settings say about settling. */
export function settleRules(config: TicketingConfig, trace: SettleRules['trace']): SettleRules {
  const ladder = ladderOf(config);
  return {
    nextHop(failure, tries, times) {
      if (failure.kind === 'permanent') return { type: 'dead-letter' };
      const hop = hopOn(ladder, tries, { ...times, random: Math.random() });
      if (hop.type === 'dead-letter') return hop;
      return { type: 'retry', topic: retryTopicName('ticketing', hop.delayMs), dueAt: hop.dueAt, attempt: tries };
    },
    trace,
    drainLimit: config.TICKETING_DRAIN_LIMIT,
    faults: config.FAULTS_ENABLED,
    now: Date.now,
  };
}
