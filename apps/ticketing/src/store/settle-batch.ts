import type { ReceivedUpdate } from '../intake/to-command.js';
import type { UpdateFailure } from '../intake/update-failure.js';
import type { ConsumedRecord } from '@onceline/kafka';
import { loadQueues } from '../parking/load-queues.js';
import type { LoadedQueue, ParkedConversation } from '../parking/parked-conversations.js';
import { inTransaction } from './in-transaction.js';
import { planBatch, type Hop, type PlanRules, type Settlement } from './plan-batch.js';
import type { Vault } from '../privacy/vault.js';
import { readKnown, type ReadKnown } from './read-known.js';
import type { Session, Statement, WithSession } from './session.js';
import type { TracedUpdate } from './traced-update.js';
import { writeSealed } from './write-sealed.js';

export interface SettleOptions {
  /** Parked updates to settle behind each head, at most; default {@link SettleRules.drainLimit}. */
  readonly drainLimit?: number;
  /** Parked conversations are locked before anything is read: slower, but nobody is faster. */
  readonly locked?: boolean;
}

/**
 * Settles a batch in one transaction: everything in it has an outcome afterwards, or nothing has.
 * Answers what was settled now; updates that had an outcome before are left out, parked ones that were waiting are in it.
 */
export type SettleBatch = (updates: readonly TracedUpdate[], options?: SettleOptions) => Promise<readonly Settlement[]>;

/** What decides besides the records and the state. */
export interface SettleRules {
  nextHop(failure: UpdateFailure, tries: number, times: { readonly firstFailedAt: number; readonly now: number }): Hop;
  /** Reads a record as it came, by the policies that hold now. */
  receive(record: ConsumedRecord): ReceivedUpdate;
  trace: PlanRules['trace'];
  keep: PlanRules['keep'];
  /** Parked updates that one transaction settles behind each head. */
  readonly drainLimit: number;
  /** Whether faults can be switched on here. */
  readonly faults: boolean;
  /** Seals what people write. */
  readonly vault: Vault;
  readonly now: () => number;
}

/** The consumer was told to stop: nothing was handled. */
export class ConsumerStopped extends Error {
  constructor() {
    super('too many dead letters: the consumer waits for an operator or a trial that passes');
    this.name = 'ConsumerStopped';
  }
}

/** Another instance changed what was read: read again, decide again. Looks like PostgreSQL's own. */
class ChangedMeanwhile extends Error {
  readonly code = '40001';
}

/** Two round trips whatever the size: read what is known, decide in memory, write it all. One more when heads come back, for keys of persons that are not in memory, and to open messages that are recorded already. */
export function settleBatchOn(withSession: WithSession, rules: SettleRules): SettleBatch {
  return (updates, { drainLimit = rules.drainLimit, locked = false } = {}) =>
    withSession((session) => {
      const settle = async () => {
        const known = await readOn(session, updates, { ...rules, drainLimit });
        const plan = planBatch(updates, known, planRules({ ...rules, drainLimit }));
        if (plan.settlements.length === 0) return [];
        if (known.isStopped) throw new ConsumerStopped();
        await writeSealed(session, plan, rules.vault);
        return plan.settlements;
      };
      return locked ? withLocks(session, updates, settle) : settle();
    });
}

/** What the decisions rest on, with what waits behind the heads that come back. */
export async function readOn(
  session: Session,
  updates: readonly TracedUpdate[],
  rules: Pick<SettleRules, 'drainLimit' | 'faults' | 'receive' | 'vault'>,
): Promise<ReadKnown> {
  const again = updates.filter(({ delivery }) => delivery.type === 'again');
  const keys = again.map(({ idempotencyKey }) => idempotencyKey);
  const queues = keys.length === 0 ? NO_QUEUES : await loadQueues(session, keys, rules);
  const { faults, vault } = rules;
  const known = await readKnown(session, updates, { queues, faults, vault });
  if (!fits(queues, known.parked, new Set(keys))) throw new ChangedMeanwhile();
  return known;
}

const NO_QUEUES: ReadonlyMap<string, LoadedQueue> = new Map();

/**
 * Queues and conversations were read one after the other; both must be of the same moment. An update may also have become a head in
 * between: then its queue was not read at all.
 */
function fits(
  queues: ReadonlyMap<string, LoadedQueue>,
  parked: readonly ParkedConversation[],
  cameBack: ReadonlySet<string>,
): boolean {
  const versions = new Map(parked.map(({ conversation, version }) => [conversation, version]));
  const areOfOneMoment = [...queues].every(([conversation, { version }]) => versions.get(conversation) === version);
  return (
    areOfOneMoment && parked.every(({ conversation, head }) => !cameBack.has(head.key) || queues.has(conversation))
  );
}

export function planRules(rules: SettleRules): PlanRules {
  const now = rules.now();
  return {
    now,
    nextHop: (failure, tries, firstFailedAt) => rules.nextHop(failure, tries, { firstFailedAt, now }),
    trace: rules.trace,
    keep: rules.keep,
    drainLimit: rules.drainLimit,
  };
}

const LOCK_CONVERSATIONS: Statement = {
  name: 'lock-conversations',
  text: `select 1 from ticketing.parked_conversations where conversation = any($1::text[]) or head_key = any($2::text[])
           order by conversation for update`,
};

/** Every statement in it sees what was committed before its own begin, and nobody changes what is locked. */
async function withLocks<Result>(
  session: Session,
  updates: readonly TracedUpdate[],
  work: () => Promise<Result>,
): Promise<Result> {
  return inTransaction(session, async () => {
    await session.query(LOCK_CONVERSATIONS, [
      updates.map(({ scope }) => scope),
      updates.map(({ idempotencyKey }) => idempotencyKey),
    ]);
    return work();
  });
}
