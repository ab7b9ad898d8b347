import { randomUUID } from 'node:crypto';
import { holdTurn } from '../store/in-turn.js';
import { inTransaction } from '../store/in-transaction.js';
import type { Session, WithSession } from '../store/session.js';
import { throughConflicts } from '../store/through-conflicts.js';
import { IS_ACTIVE } from '../store/ticket-conditions.js';
import { writeDecided } from '../store/write-decided.js';
import { decideForAgent } from '../ticket/decide-for-agent.js';
import { isActive } from '../ticket/state.js';
import { byIds } from './find-ticket.js';
import { traceOfRequest, type AgentCause } from './work-on-ticket.js';

/** What came of it: with active tickets he stays. */
export type Removal = 'removed' | 'not-registered' | { readonly activeTickets: number };

export interface RemovalOptions {
  readonly withSession: WithSession;
  readonly now?: () => Date;
  /** After each commit: there may be something to publish. */
  readonly committed: () => void;
}

/** Tickets that one transaction hands back; fewer when updates get in the way of some. */
const AT_ONCE = 200;

const SEND_AWAY = {
  name: 'send-agent-away',
  text: `update ticketing.agents set is_away = true, changed_by = $2, changed_at = now() where name = $1`,
};
const HIS = `assignee = $1 and assignee is not null and ${IS_ACTIVE}`;
const SOME_OF_HIS = {
  name: 'some-tickets-of-agent',
  text: `select ticket_id from ticketing.tickets where ${HIS} limit $2`,
};
const COUNT_HIS = {
  name: 'count-tickets-of-agent',
  text: `select (select count(*)::int from ticketing.tickets where ${HIS}) as n from ticketing.agents where name = $1`,
};
const REMOVE = { name: 'remove-agent', text: 'delete from ticketing.agents where name = $1' };

/** Removes agents: nobody would look at the tickets of one who has gone, so they are handed back before, or he stays. */
export class RemoveAgent {
  constructor(private readonly options: RemovalOptions) {}

  async remove(name: string, { by, handsBack }: { by: string; handsBack: boolean }): Promise<Removal> {
    if (handsBack) await this.handBack(name, by);
    return this.options.withSession((session) => inTransaction(session, () => removeIdle(session, name)));
  }

  /** Away first, or the rules would give him what he has just handed back. Asked again after an interruption it goes on. */
  private async handBack(name: string, by: string): Promise<void> {
    const { withSession, committed, now = () => new Date() } = this.options;
    const { rowCount } = await withSession((session) => session.query(SEND_AWAY, [name, by]));
    if (rowCount === 0) return;
    const cause = { idempotencyKey: `command:${by}:${randomUUID()}`, by, occurredAt: now().toISOString() };
    for (;;) {
      const count = await throughConflicts(AT_ONCE, (most) =>
        withSession((session) => inTransaction(session, () => handBackSome(session, { name, most, cause }))),
      );
      if (count === 0) return;
      committed();
    }
  }
}

/** What somebody else has taken meanwhile stays his. */
async function handBackSome(
  session: Session,
  { name, most, cause }: { name: string; most: number; cause: AgentCause },
): Promise<number> {
  const { rows } = await session.query<{ ticket_id: string }>(SOME_OF_HIS, [name, most]);
  if (rows.length === 0) return 0;
  const found = await byIds(
    session,
    rows.map(({ ticket_id: id }) => id),
  );
  const tickets = [...found.values()].filter((ticket) => ticket.assignee === name && isActive(ticket));
  const decided = tickets.map((ticket) => {
    const decision = decideForAgent({ type: 'change-ticket', changes: { assignee: null }, ...cause }, ticket);
    return { ticket, events: 'events' in decision ? decision.events : [] };
  });
  await writeDecided(session, decided, { trace: traceOfRequest() });
  return tickets.length;
}

/** While no instance gives tickets away: one that has read him would give him some after he has gone. */
async function removeIdle(session: Session, name: string): Promise<Removal> {
  await holdTurn(session, 'assignment');
  const { rows } = await session.query<{ n: number }>(COUNT_HIS, [name]);
  const [his] = rows;
  if (!his) return 'not-registered';
  if (his.n > 0) return { activeTickets: his.n };
  await session.query(REMOVE, [name]);
  return 'removed';
}
