import type { Counted } from '@onceline/retry-policy';
import type { Rehearsal } from '../store/rehearse.js';
import type { TracedUpdate } from '../store/traced-update.js';

/** As many as say something, few enough to be decided one by one. */
const TRIAL_RECORDS = 50;

/** Handles the next records for real, in a transaction that is undone, and answers whether few enough of them end as dead letters. */
export function tryingOut(
  rehearse: (updates: readonly TracedUpdate[]) => Promise<Rehearsal>,
  isTooMany: (counted: Counted) => boolean,
) {
  return async (updates: readonly TracedUpdate[]): Promise<boolean> => {
    const { results } = await rehearse(updates.slice(0, TRIAL_RECORDS));
    const dead = results.filter(({ settlement, refused }) => refused || settlement?.outcome === 'dead-lettered').length;
    return !isTooMany({ records: results.length, dead });
  };
}
