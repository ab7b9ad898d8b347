import type { Session } from '../store/session.js';
import { ticketColumnsOf, ticketOf, type TicketRow } from '../store/ticket-row.js';
import { writeDecided } from '../store/write-decided.js';
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

/** Writes warnings and breaches that are due. Answers how many. */
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
    return { ticket, events };
  });
  return writeDecided(session, told);
}
