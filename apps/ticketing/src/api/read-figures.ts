import { storedTicketEvent } from '@onceline/contracts';
import type { ClockKind } from '../sla/clock.js';
import { explainAll, type Explained } from '../sla/explain.js';
import { SlaPolicies } from '../sla/sla-policy.store.js';
import type { Session, WithSession } from '../store/session.js';
import type { TicketEvent } from '../ticket/events.js';
import { figureSchema, type Explanation, type Figures } from './sla-schemas.js';

const HISTORY = {
  name: 'history-of-ticket',
  text: `select payload::text from ticketing.events where ticket_id = $1 order by version`,
};

/** All figures of a ticket, from the events themselves, not from what was stored of them. Undefined when there is no such ticket. */
export async function readFigures(withSession: WithSession, ticketId: string): Promise<Figures | undefined> {
  const { events, figures } = await explainTicket(withSession, ticketId);
  if (events.length === 0) return undefined;
  return { items: figures.map((figure) => figureSchema.parse(figure)) };
}

/** One figure, with the events that started, ended and cut it; of further answers each. Undefined when there is no such ticket. */
export async function explainFigure(
  withSession: WithSession,
  ticketId: string,
  figure: ClockKind,
): Promise<Explanation | undefined> {
  const { events, figures } = await explainTicket(withSession, ticketId);
  if (events.length === 0) return undefined;
  const wanted = figures.filter((each) => each.figure === figure);
  const versions = new Set(wanted.flatMap(versionsIn));
  return { figures: wanted, events: events.filter(({ version }) => versions.has(version)) };
}

function versionsIn({ startedBy, endedBy, intervals }: Explained): readonly number[] {
  return [startedBy, ...(endedBy === null ? [] : [endedBy]), ...intervals.map(({ version }) => version)];
}

interface ExplainedTicket {
  readonly events: TicketEvent[];
  readonly figures: Explained[];
}

function explainTicket(withSession: WithSession, ticketId: string): Promise<ExplainedTicket> {
  return withSession(async (session) => {
    const { rows } = await session.query<{ payload: string }>(HISTORY, [ticketId]);
    const events = rows.map(({ payload }) => storedTicketEvent(JSON.parse(payload)));
    return { events, figures: [...(await explained(session, events))] };
  });
}

async function explained(session: Session, events: readonly TicketEvent[]): Promise<readonly Explained[]> {
  const [first] = events;
  if (first?.type !== 'ticket-opened') return [];
  const promised = await new SlaPolicies().load(session, [first.data.botId]);
  return explainAll(events, { versionsOf: (botId) => promised.get(botId) ?? [], now: Date.now() });
}
