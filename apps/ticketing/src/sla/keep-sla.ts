import { inTurn } from '../store/in-turn.js';
import type { Session, WithSession } from '../store/session.js';
import { throughConflicts } from '../store/through-conflicts.js';
import { followEvents, restateClocks } from './keep-clocks.js';
import { SlaPolicies } from './sla-policy.store.js';
import { tellBreaches } from './tell-breaches.js';

export interface SlaOptions {
  readonly withSession: WithSession;
  /** After breaches were told: there is something to publish. */
  readonly committed: () => void;
  readonly now?: () => number;
}

/** Tickets that are told of in one transaction. */
const TOLD_AT_ONCE = 200;

/** Keeps the clocks of all tickets, and tells of warnings and breaches; in any number of instances, and late where nobody ran in time. */
export class KeepSla {
  private readonly policies = new SlaPolicies();

  constructor(private readonly options: SlaOptions) {}

  /** One page of each, so that updates come first where there is much to do; nothing at all while another instance does it. */
  async run(): Promise<void> {
    const { now = Date.now, committed } = this.options;
    await this.inTurn((session) => followEvents(session, this.policies, now()));
    while ((await this.tell(now())) > 0) committed();
    // Last: what it cannot do must not keep anybody from being told.
    await this.inTurn((session) => restateClocks(session, this.policies, now()));
  }

  private tell(now: number): Promise<number> {
    return throughConflicts(TOLD_AT_ONCE, (most) =>
      this.inTurn((session) => tellBreaches(session, this.policies, { now, most })),
    );
  }

  private inTurn(work: (session: Session) => Promise<number>): Promise<number> {
    return inTurn(this.options.withSession, 'sla', work);
  }
}
