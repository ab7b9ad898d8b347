import { planBatch, type Settlement } from './plan-batch.js';
import { readKnown } from './read-known.js';
import type { WithSession } from './session.js';
import type { TracedUpdate } from './traced-update.js';
import { writePlan } from './write-plan.js';

/**
 * Settles a batch in one transaction: everything in it has an outcome afterwards, or nothing has.
 * Answers what was settled now; updates that had an outcome before are left out.
 */
export type SettleBatch = (updates: readonly TracedUpdate[]) => Promise<readonly Settlement[]>;

/** Two round trips whatever the size: read what is known, decide in memory, write it all. */
export function settleBatchOn(withSession: WithSession): SettleBatch {
  return (updates) =>
    withSession(async (session) => {
      const plan = planBatch(updates, await readKnown(session, updates));
      if (plan.settlements.length > 0) await writePlan(session, plan);
      return plan.settlements;
    });
}
