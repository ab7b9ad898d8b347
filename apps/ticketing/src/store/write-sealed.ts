import type { Vault } from '../privacy/vault.js';
import type { BatchPlan } from './plan-batch.js';
import type { Session } from './session.js';
import { writePlan } from './write-plan.js';

/** Writes a plan with what is personal in it sealed. @throws what {@link writePlan} throws; `40001` also when one of the keys was destroyed meanwhile */
export async function writeSealed(session: Session, plan: BatchPlan, vault: Vault): Promise<void> {
  const sealed = await vault.seal(session, plan.events);
  try {
    await writePlan(session, { ...plan, events: sealed.events }, sealed.keys);
  } catch (error) {
    // One may be destroyed, or made in this transaction and undone with it. Where only the commit fails it stays in memory: the next write with it conflicts.
    vault.forget(sealed);
    throw error;
  }
}
