import { inTransaction } from '../store/in-transaction.js';
import type { Session, WithSession } from '../store/session.js';
import { throughConflicts } from '../timers/through-conflicts.js';
import { followEvents, restateClocks } from './keep-clocks.js';
import { SlaPolicies } from './sla-policy.store.js';
import { tellBreaches } from './tell-breaches.js';

export interface SlaOptions {
  readonly withSession: WithSession;
  /** After breaches were told: there is something to publish. */
  readonly committed: () => void;
  readonly now?: () => number;
}

/** One instance at a time. */
const TURN = {
  name: 'turn-of-sla',
  text: `select pg_try_advisory_xact_lock(hashtext('onceline.ticketing.sla')) as mine`,
};

/** Tickets that are told of in one transaction. */
const TOLD_AT_ONCE = 200;

/** Keeps the clocks of all tickets, and tells of warnings and breaches; in any number of instances, and late where nobody ran in time. */
export class KeepSla {
  private readonly policies = new SlaPolicies();

  constructor(private readonly options: SlaOptions) {}

  /** Until there is nothing to do; nothing at all while another instance does it. */
  async run(): Promise<void> {
    const { now = Date.now, committed } = this.options;
    while ((await this.inTurn((session) => followEvents(session, this.policies, now()))) > 0);
    while ((await this.inTurn((session) => restateClocks(session, this.policies, now()))) > 0);
    while ((await this.tell(now())) > 0) committed();
  }

  private tell(now: number): Promise<number> {
    return throughConflicts(TOLD_AT_ONCE, (most) =>
      this.inTurn((session) => tellBreaches(session, this.policies, { now, most })),
    );
  }

  private inTurn(work: (session: Session) => Promise<number>): Promise<number> {
    return this.options.withSession((session) =>
      inTransaction(session, async () => {
        const { rows } = await session.query<{ mine: boolean }>(TURN, []);
        return rows[0]?.mine === true ? work(session) : 0;
      }),
    );
  }
}
