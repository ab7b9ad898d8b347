import type { OpenedEvent, Vault } from '../privacy/vault.js';
import type { Session } from '../store/session.js';
import type { EventOf, TicketEvent } from '../ticket/events.js';

const OF_TYPE = {
  name: 'events-of-ticket-by-type',
  text: `select payload from
           (select version, payload from ticketing.events where ticket_id = $1 and type = $2
              order by version desc limit 1000) as latest
         order by version`,
};

/** The last 1000 events of one type in a ticket, in order. */
export async function readEventsOfType<Type extends TicketEvent['type']>(
  session: Session,
  vault: Vault,
  { ticketId, type }: { ticketId: string; type: Type },
): Promise<OpenedEvent<EventOf<Type>>[]> {
  const { rows } = await session.query<{ payload: unknown }>(OF_TYPE, [ticketId, type]);
  const isWanted = (opened: OpenedEvent): opened is OpenedEvent<EventOf<Type>> => opened.event.type === type;
  const opened = await vault.open(
    session,
    rows.map(({ payload }) => payload),
  );
  return opened.filter(isWanted);
}
