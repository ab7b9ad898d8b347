import { QUEUE_ORDER, QueueConditions } from '../api/read-queue.js';
import type { QueueView } from '../api/queue-schemas.js';
import type { Session } from '../store/session.js';
import { TICKET_COLUMNS, ticketOf, type TicketRow } from '../store/ticket-row.js';
import type { Ticket } from '../ticket/state.js';

const BY_ID = {
  name: 'lock-ticket',
  text: `select ${TICKET_COLUMNS} from ticketing.tickets where ticket_id = $1 for update`,
};

export function byId(ticketId: string) {
  return async (session: Session): Promise<Ticket | undefined> => {
    const { rows } = await session.query<TicketRow>(BY_ID, [ticketId]);
    return rows.map(ticketOf)[0];
  };
}

/** The next one that nobody has: what another agent is just taking is passed over, so that each gets one of his own without waiting. */
export function nextInQueue(view: QueueView) {
  return async (session: Session): Promise<Ticket | undefined> => {
    const conditions = new QueueConditions({ ...view, assignee: 'nobody' });
    const text = `select ${TICKET_COLUMNS} from ticketing.tickets where ${conditions.text()} order by ${QUEUE_ORDER}
      limit 1 for update skip locked`;
    const { rows } = await session.query<TicketRow>({ text }, conditions.values);
    return rows.map(ticketOf)[0];
  };
}
