import { transactionVerdict } from '@onceline/retry-policy';
import type { Known } from './known.js';
import { planBatch, type BatchPlan, type Settlement } from './plan-batch.js';
import { planRules, readOn, type SettleRules } from './settle-batch.js';
import type { Session, WithSession } from './session.js';
import type { TracedUpdate } from './traced-update.js';
import { writeSealed } from './write-sealed.js';

/** What would become of an update; nothing at all when it has its outcome already. */
export interface Rehearsed {
  readonly update: TracedUpdate;
  readonly settlement: Settlement | undefined;
  /** The database would not take it. */
  readonly refused: boolean;
}

export interface Rehearsal {
  readonly results: readonly Rehearsed[];
  readonly known: Known;
}

/**
 * Decides and writes as for real, in a transaction that is rolled back. All at once; when the database refuses something, one
 * by one with savepoints, so that each has its own answer on the state that the ones before it left.
 */
export function rehearseOn(withSession: WithSession, rules: SettleRules) {
  return async (updates: readonly TracedUpdate[], { ordered = true } = {}): Promise<Rehearsal> => {
    const stage = stageOf(rules, ordered);
    for (let tries = 1; ; tries += 1) {
      try {
        return await withSession((session) => undone(session, () => rehearseAll(session, updates, stage)));
      } catch (error) {
        if (transactionVerdict(error) !== 'conflict' || tries === MAX_TRIES) throw error;
      }
    }
  };
}

/** Tries of a rehearsal that real work gets in the way of. */
const MAX_TRIES = 3;

async function undone<Result>(session: Session, work: () => Promise<Result>): Promise<Result> {
  await session.command('begin');
  try {
    return await work();
  } finally {
    // Nothing is kept, so there is nothing to lose.
    await session.command('rollback').catch(() => session.discard());
  }
}

interface Stage {
  read(session: Session, updates: readonly TracedUpdate[]): Promise<Known>;
  plan(updates: readonly TracedUpdate[], known: Known): BatchPlan;
  write(session: Session, plan: BatchPlan): Promise<void>;
}

/** Out of order nothing waits: neither for others, nor for a later try. */
function stageOf(rules: SettleRules, ordered: boolean): Stage {
  const limited = { ...rules, drainLimit: 0 };
  return {
    read: (session, updates) => readOn(session, updates, limited),
    plan: (updates, known) =>
      ordered
        ? planBatch(updates, known, planRules(limited))
        : planBatch(
            updates,
            { ...known, parked: [], queues: new Map() },
            planRules({ ...limited, nextHop: () => ({ type: 'dead-letter', reason: 'no-tries-left' }) }),
          ),
    write: async (session, plan) => {
      await writeSealed(session, plan, rules.vault);
      // Keys that were made for it are undone with everything else.
      rules.vault.forget({ persons: plan.events.map(({ person }) => person) });
    },
  };
}

async function rehearseAll(session: Session, updates: readonly TracedUpdate[], stage: Stage): Promise<Rehearsal> {
  const known = await stage.read(session, updates);
  await session.command('savepoint all_at_once');
  try {
    return { known, results: await rehearsePlan(session, updates, { plan: stage.plan(updates, known), stage }) };
  } catch (error) {
    if (transactionVerdict(error) !== 'record') throw error;
    await session.command('rollback to savepoint all_at_once');
  }
  const results: Rehearsed[] = [];
  for (const update of updates) results.push(...(await rehearseOne(session, update, stage)));
  return { known, results };
}

async function rehearseOne(session: Session, update: TracedUpdate, stage: Stage): Promise<Rehearsed[]> {
  await session.command('savepoint one');
  try {
    const plan = stage.plan([update], await stage.read(session, [update]));
    return await rehearsePlan(session, [update], { plan, stage });
  } catch (error) {
    if (transactionVerdict(error) !== 'record') throw error;
    await session.command('rollback to savepoint one');
    return [{ update, settlement: undefined, refused: true }];
  }
}

async function rehearsePlan(
  session: Session,
  updates: readonly TracedUpdate[],
  { plan, stage }: { plan: BatchPlan; stage: Stage },
): Promise<Rehearsed[]> {
  if (plan.settlements.length > 0) await stage.write(session, plan);
  const settled = new Map(plan.settlements.map((settlement) => [settlement.update.idempotencyKey, settlement]));
  return updates.map((update) => ({ update, settlement: settled.get(update.idempotencyKey), refused: false }));
}
