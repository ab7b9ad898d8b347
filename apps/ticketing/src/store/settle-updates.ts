import { describeRefusal, failureKind } from './failure.js';
import type { Settlement } from './plan-batch.js';
import type { SettleBatch } from './settle-batch.js';
import type { TracedUpdate } from './traced-update.js';

/** Tries of one transaction that others get in the way of. */
const MAX_TRIES = 3;

/**
 * Settles all updates, whatever single ones do to the transaction: after conflicts it reads again and decides again, then
 * goes record by record; a record that the database refuses is found by halving and becomes a dead letter, and its
 * neighbours go through. Order is kept throughout.
 * @throws what asks for waiting, or is a defect; parts may be settled by then, which a repeat sees in the ledger
 */
export async function settleUpdates(
  updates: readonly TracedUpdate[],
  settle: SettleBatch,
): Promise<readonly Settlement[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await settle(updates);
    } catch (error) {
      const kind = failureKind(error);
      if (kind === 'conflict' && tries < MAX_TRIES) continue;
      if (kind === 'record' && updates.length === 1) return settle(updates.map((update) => refused(update, error)));
      if ((kind !== 'record' && kind !== 'conflict') || updates.length === 1) throw error;
      return inParts(updates, kind === 'conflict' ? 1 : Math.ceil(updates.length / 2), (part) =>
        settleUpdates(part, settle),
      );
    }
  }
}

async function inParts(
  updates: readonly TracedUpdate[],
  size: number,
  settlePart: (part: readonly TracedUpdate[]) => Promise<readonly Settlement[]>,
): Promise<readonly Settlement[]> {
  const settlements: Settlement[] = [];
  for (let start = 0; start < updates.length; start += size) {
    settlements.push(...(await settlePart(updates.slice(start, start + size))));
  }
  return settlements;
}

/** The same update, to be settled as a dead letter. */
function refused(update: TracedUpdate, error: unknown): TracedUpdate {
  const failure = { code: 'refused-by-database' as const, message: describeRefusal(error) };
  return { ...update, verdict: { type: 'unreadable', failure } };
}
