import type { Counted } from '@onceline/retry-policy';
import type { Rehearsal, Rehearsed } from '../store/rehearse.js';
import type { TracedUpdate } from '../store/traced-update.js';

/** As many as say something, few enough to be decided one by one. */
const TRIAL_RECORDS = 50;

/** How a trial comes out. Copies of what has its outcome say nothing, and may be passed over by a consumer that is stopped. */
export type TrialResult = 'passed' | 'failed' | 'only-copies';

/**
 * Handles the next records for real, in transactions that are undone, and judges by those whose handling comes to something. One that would
 * be tried again is as bad as a dead letter: the cause is still there.
 */
export function tryingOut(
  rehearse: (updates: readonly TracedUpdate[], options?: { ordered: boolean }) => Promise<Rehearsal>,
  isTooMany: (counted: Counted) => boolean,
) {
  return async (updates: readonly TracedUpdate[]): Promise<TrialResult> => {
    const judged: Rehearsed[] = [];
    for (let start = 0; start < updates.length && judged.length < TRIAL_RECORDS; start += TRIAL_RECORDS) {
      const { results } = await rehearse(updates.slice(start, start + TRIAL_RECORDS));
      // What waits behind a failed one would not be handled at all: it is tried as if it came first.
      const waiting = results.filter(isWaiting).map(({ update }) => update);
      const alone = waiting.length === 0 ? [] : (await rehearse(waiting, { ordered: false })).results;
      judged.push(...[...results.filter((result) => !isWaiting(result)), ...alone].filter((result) => !isCopy(result)));
    }
    if (judged.length === 0) return 'only-copies';
    return isTooMany({ records: judged.length, dead: judged.filter(isBad).length }) ? 'failed' : 'passed';
  };
}

function isCopy({ settlement, refused }: Rehearsed): boolean {
  return !refused && settlement === undefined;
}

function isWaiting({ settlement }: Rehearsed): boolean {
  return settlement?.outcome === 'parked' && settlement.failure === undefined;
}

function isBad({ settlement, refused }: Rehearsed): boolean {
  return refused || settlement?.failure !== undefined;
}
