import { queueParts, type QueueSort } from '../store/queue-order.js';
import type { Session } from '../store/session.js';
import type { TicketFilter } from '../store/ticket-conditions.js';
import { TICKET_COLUMNS, ticketOf, type TicketRow } from '../store/ticket-row.js';
import type { Ticket } from '../ticket/state.js';

/**
 * Among agents alone: whoever works on a ticket holds its name, not its row. Batches of updates insert the events of a ticket before they change its
 * row; one who held the row and then inserted would wait for them crosswise. Who is the last judge is the version of the event, as ever.
 */
const NAMESPACE = `hashtext('onceline.ticketing.work')`;

const WAIT = { name: 'wait-for-ticket', text: `select pg_advisory_xact_lock(${NAMESPACE}, hashtext($1))` };
const BY_ID = {
  name: 'ticket-to-work-on',
  text: `select ${TICKET_COLUMNS} from ticketing.tickets where ticket_id = $1`,
};

/** Waits until no other agent works on it. A statement of its own, so that the next one sees what he has done. */
export function byId(ticketId: string) {
  return async (session: Session): Promise<Ticket | undefined> => {
    await session.query(WAIT, [ticketId]);
    const { rows } = await session.query<TicketRow>(BY_ID, [ticketId]);
    return rows.map(ticketOf)[0];
  };
}

/** In the order of what is locked, which is no id: two ids may have the same one, and agents would wait crosswise. */
const WAIT_FOR_ALL = {
  name: 'wait-for-tickets',
  text: `select pg_advisory_xact_lock(${NAMESPACE}, locked)
    from (select distinct hashtext(id) as locked from unnest($1::text[]) as id order by locked) as names`,
};
const BY_IDS = {
  name: 'tickets-to-work-on',
  text: `select ${TICKET_COLUMNS} from ticketing.tickets where ticket_id = any($1::text[])`,
};

/** By id, those that there are; no other agent works on them. */
export async function byIds(session: Session, ids: readonly string[]): Promise<ReadonlyMap<string, Ticket>> {
  await session.query(WAIT_FOR_ALL, [ids]);
  const { rows } = await session.query<TicketRow>(BY_IDS, [ids]);
  return new Map(rows.map(ticketOf).map((ticket) => [ticket.ticketId, ticket]));
}

/** More agents than this do not ask at one moment; who asks beyond gets nothing, and asks again. */
const LOOKED_AT = 200;

/** The next one that nobody has: what another agent is just taking is passed over, so that each gets one of his own without waiting. */
export function nextInQueue({ sort, ...view }: TicketFilter & { readonly sort: QueueSort }) {
  return async (session: Session): Promise<Ticket | undefined> => {
    for (const part of queueParts({ ...view, assignee: 'nobody' }, { sort, limit: LOOKED_AT })) {
      const text = `with first as materialized (${part.text})
        select * from first where pg_try_advisory_xact_lock(${NAMESPACE}, hashtext(ticket_id)) limit 1`;
      const { rows } = await session.query<TicketRow>({ text }, part.values);
      const [row] = rows;
      if (row) return ticketOf(row);
    }
    return undefined;
  };
}
