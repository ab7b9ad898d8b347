import type { BotAssignment } from '../policy/bot-policy.js';
import { inTurn } from '../store/in-turn.js';
import type { Session, WithSession } from '../store/session.js';
import { IN_QUEUE, QUEUE_ORDER } from '../store/ticket-conditions.js';
import { TICKET_COLUMNS, ticketOf, type TicketRow } from '../store/ticket-row.js';
import { throughConflicts } from '../store/through-conflicts.js';
import { writeDecided } from '../store/write-decided.js';
import { assignTickets, type AssignableAgent } from '../ticket/assign-tickets.js';
import { decideAssignment } from '../ticket/decide-assignment.js';
import type { Ticket } from '../ticket/state.js';
import { readAgents } from '../work/agent.store.js';

export interface AssignmentOptions {
  readonly withSession: WithSession;
  /** Bots whose tickets are given away; the others' are taken. */
  readonly bots: () => readonly BotAssignment[];
  readonly now?: () => Date;
  /** After each commit: there may be something to publish. */
  readonly committed: () => void;
}

/** Tickets of a bot that one transaction gives away; fewer when updates get in the way of some. */
const AT_ONCE = 200;
/** Those for whom nobody has room are passed over, or they would hide what is behind them. */
const WAITING = {
  name: 'tickets-to-assign',
  text: `select ${TICKET_COLUMNS} from ticketing.tickets where ${IN_QUEUE} and assignee is null and bot_id = $1
      and (coalesce(team, $2::text) is null or coalesce(team, $2::text) = any($3::text[])) order by ${QUEUE_ORDER} limit $4`,
};
const LAST = { name: 'last-in-turn', text: 'select last_agent from ticketing.assignment_turns where bot_id = $1' };
const KEEP_LAST = {
  name: 'keep-last-in-turn',
  text: `insert into ticketing.assignment_turns (bot_id, last_agent) values ($1, $2)
    on conflict (bot_id) do update set last_agent = excluded.last_agent`,
};

/** Gives tickets that nobody has to agents who have room, each once, with any number of instances. */
export class RunAssignment {
  constructor(private readonly options: AssignmentOptions) {}

  /** Answers the number of tickets given away; none while another instance does it. */
  async run(): Promise<number> {
    let given = 0;
    for (;;) {
      const count = await throughConflicts(AT_ONCE, (most) => this.assignAll(most));
      if (count === 0) return given;
      given += count;
      this.options.committed();
    }
  }

  /** One instance at a time, for all bots: an agent has one capacity, whoever's tickets he has. Rows are not locked: `work/find-ticket` says why. */
  private async assignAll(most: number): Promise<number> {
    const bots = this.options.bots();
    if (bots.length === 0) return 0;
    return inTurn(this.options.withSession, 'assignment', async (session) => {
      let given = 0;
      for (const bot of bots) given += await this.assign(session, bot, most);
      return given;
    });
  }

  private async assign(session: Session, { botId, mode, team }: BotAssignment, most: number): Promise<number> {
    const { now = () => new Date() } = this.options;
    const agents = await readAgents(session);
    const waiting = await waitingFor(session, agents, { botId, team, most });
    if (waiting.length === 0) return 0;
    const { rows } = await session.query<{ last_agent: string }>(LAST, [botId]);
    const tickets = waiting.map((ticket) => ({ ticketId: ticket.ticketId, team: ticket.team ?? team }));
    const round = assignTickets({ mode, agents, tickets, last: rows[0]?.last_agent ?? null });
    const agentOf = new Map(round.assignments.map(({ ticketId, agent }) => [ticketId, agent]));
    const occurredAt = now().toISOString();
    const decided = waiting.map((ticket) => {
      const agent = agentOf.get(ticket.ticketId);
      return { ticket, events: agent === undefined ? [] : decideAssignment({ agent, mode, occurredAt }, ticket) };
    });
    await writeDecided(session, decided);
    if (round.last !== null) await session.query(KEEP_LAST, [botId, round.last]);
    return round.assignments.length;
  }
}

async function waitingFor(
  session: Session,
  agents: readonly AssignableAgent[],
  { botId, team, most }: { botId: string; team: string | null; most: number },
): Promise<readonly Ticket[]> {
  const able = agents.filter(({ isAway, load, capacity }) => !isAway && load < capacity);
  if (able.length === 0) return [];
  const teams = able.flatMap((agent) => agent.team ?? []);
  const { rows } = await session.query<TicketRow>(WAITING, [botId, team, teams, most]);
  return rows.map(ticketOf);
}
