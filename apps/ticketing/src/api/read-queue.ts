import { PRIORITIES } from '@onceline/contracts';
import { decodeCursor, pageOf } from '@onceline/service-kit';
import type { WithSession } from '../store/session.js';
import { IN_QUEUE, QUEUE_ORDER, TicketConditions, WAITING_SINCE } from '../store/ticket-conditions.js';
import { TICKET_COLUMNS, ticketOf, type TicketRow } from '../store/ticket-row.js';
import { queueCursorSchema, type QueuePage, type QueueQuery } from './queue-schemas.js';
import { toTicket } from './read-tickets.js';

/** What an agent has to do next: the most urgent first, among those who has waited longest. */
export async function readQueue(withSession: WithSession, query: QueueQuery): Promise<QueuePage> {
  const conditions = new TicketConditions(query).add(IN_QUEUE);
  if (query.cursor !== undefined) {
    const [rank, waitingSince, ticketId] = decodeCursor(queueCursorSchema, query.cursor);
    const [r, w, t] = [rank, waitingSince ?? 'infinity', ticketId].map((value) => conditions.value(value));
    conditions.add(
      `(priority_rank < ${r}::int or (priority_rank = ${r}::int and (${WAITING_SINCE}, ticket_id) > (${w}::timestamptz, ${t}::text)))`,
    );
  }
  const limit = conditions.value(query.limit + 1);
  const text = `select ${TICKET_COLUMNS} from ticketing.tickets where ${conditions.text()} order by ${QUEUE_ORDER} limit ${limit}`;
  const { rows } = await withSession((session) => session.query<TicketRow>({ text }, conditions.values));
  return pageOf(
    rows.map((row) => toTicket(ticketOf(row))),
    query.limit,
    (ticket) => ticket,
    ({ priority, waitingSince, id }) => [PRIORITIES.indexOf(priority), waitingSince, id],
  );
}
