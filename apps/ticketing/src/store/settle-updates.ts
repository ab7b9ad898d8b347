import { transactionVerdict } from '@onceline/retry-policy';
import { permanent, transient, type UpdateFailure } from '../intake/update-failure.js';
import { describeRefusal } from './failure.js';
import type { Settlement } from './plan-batch.js';
import type { SettleBatch, SettleOptions } from './settle-batch.js';
import type { TracedUpdate } from './traced-update.js';

/** Tries of one transaction that others get in the way of. One update alone has more: what conflicts with it is done, and else it and all behind it wait for seconds. */
const MAX_TRIES = 3;
const MAX_TRIES_ALONE = 12;

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
      return await settle(updates, { locked: tries > 1 });
    } catch (error) {
      const kind = transactionVerdict(error);
      const maxTries = updates.length === 1 ? MAX_TRIES_ALONE : MAX_TRIES;
      if (kind === 'conflict' && tries < maxTries) continue;
      if (kind !== 'record' && kind !== 'conflict') throw error;
      const [only] = updates;
      if (updates.length === 1 && only) return settleAlone(only, settle, { kind, error });
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

/** How far behind a head the culprit is looked for: with none, the next one becomes the head and is judged by itself. */
const DRAIN_LIMITS = [64, 16, 4, 0];

/**
 * One update fails by itself, or one of those that wait behind it: fewer of them, until the culprit is not among them. Whoever is
 * refused alone fails: for good when the database refuses its content, else it may work later.
 */
async function settleAlone(
  update: TracedUpdate,
  settle: SettleBatch,
  failed: { kind: 'record' | 'conflict'; error: unknown },
): Promise<readonly Settlement[]> {
  const options: SettleOptions[] =
    update.delivery.type === 'first' ? [] : DRAIN_LIMITS.map((drainLimit) => ({ drainLimit, locked: true }));
  let last = failed;
  for (const option of options) {
    try {
      return await settle([update], option);
    } catch (error) {
      const kind = transactionVerdict(error);
      if (kind !== 'record' && kind !== 'conflict') throw error;
      last = { kind, error };
    }
  }
  return settle([withFailure(update, failureOf(last))], { drainLimit: 0, locked: true });
}

function failureOf({ kind, error }: { kind: 'record' | 'conflict'; error: unknown }): UpdateFailure {
  return kind === 'record'
    ? permanent('refused-by-database', describeRefusal(error))
    : transient('write-conflict', 'other writers kept getting in the way');
}

/** The same update, to be settled as failed. */
function withFailure(update: TracedUpdate, failure: UpdateFailure): TracedUpdate {
  return { ...update, verdict: { type: 'failed', failure } };
}
