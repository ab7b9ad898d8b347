import type { Session } from '../store/session.js';
import { ticketColumnsOf, ticketOf, type TicketRow } from '../store/ticket-row.js';
import { WITHOUT_UPDATES, writePlan } from '../store/write-plan.js';
import { evolveTicket } from '../ticket/evolve.js';
import { decideFiring } from './decide-firing.js';
import type { SlaPolicies } from './sla-policy.store.js';
import type { TicketClocks } from './ticket-clocks.js';

/** Only where the clocks have followed all events: what was told before is among them. */
const DUE = {
  name: 'tickets-to-tell-of',
  text: `select s.clocks, ${ticketColumnsOf('t')} from ticketing.sla_tickets s
    join ticketing.tickets t on t.ticket_id = s.ticket_id and t.version = s.version
    where s.next_at < $1 order by s.next_at limit $2`,
};

/** Writes warnings and breaches that are due. Answers the number of tickets that were looked at. */
export async function tellBreaches(
  session: Session,
  policies: SlaPolicies,
  { now, most }: { now: number; most: number },
): Promise<number> {
  const due = [new Date(now).toISOString(), most];
  const { rows } = await session.query<TicketRow & { clocks: TicketClocks }>(DUE, due);
  const promised = await policies.load(
    session,
    rows.map(({ bot_id: botId }) => botId),
  );
  const told = rows.map((row) => {
    const ticket = ticketOf(row);
    const events = decideFiring(ticket, row.clocks, { versions: promised.get(ticket.botId) ?? [], now });
    return { events, after: events.reduce(evolveTicket, ticket) };
  });
  const events = told.flatMap(({ events: made }) => made);
  if (events.length === 0) return 0;
  await writePlan(session, {
    ...WITHOUT_UPDATES,
    events: events.map((event) => ({ event, trace: { traceparent: null, tracestate: null } })),
    tickets: told.flatMap(({ events: made, after }) => (made.length > 0 ? [after] : [])),
  });
  return rows.length;
}
