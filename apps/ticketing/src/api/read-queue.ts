import { PRIORITIES } from '@onceline/contracts';
import { decodeCursor, pageOf } from '@onceline/service-kit';
import { queueParts, type QueuePlace } from '../store/queue-order.js';
import type { WithSession } from '../store/session.js';
import { ticketOf, type TicketRow } from '../store/ticket-row.js';
import { dueCursorSchema, queueCursorSchema, type QueuePage, type QueueQuery } from './queue-schemas.js';
import { toTicket } from './read-tickets.js';

type QueueRow = TicketRow & { readonly due_at: Date | null };

/** What an agent has to do next: the most urgent first, or what is due; among those who has waited longest. */
export async function readQueue(withSession: WithSession, query: QueueQuery): Promise<QueuePage> {
  const { sort, limit, cursor } = query;
  const after = cursor === undefined ? undefined : placeOf(cursor, sort);
  const rows: QueueRow[] = [];
  for (const { text, values } of queueParts(query, { sort, after, limit: limit + 1 })) {
    if (rows.length > limit) break;
    rows.push(...(await withSession((session) => session.query<QueueRow>({ text }, values))).rows);
  }
  return pageOf(
    rows.slice(0, limit + 1).map((row) => ({ ...toTicket(ticketOf(row)), dueAt: row.due_at?.toISOString() ?? null })),
    limit,
    (ticket) => ticket,
    ({ priority, waitingSince, id, dueAt }) => {
      const place = [PRIORITIES.indexOf(priority), waitingSince, id];
      return sort === 'due' ? [dueAt, ...place] : place;
    },
  );
}

function placeOf(cursor: string, sort: QueueQuery['sort']): QueuePlace {
  const [dueAt, rank, waitingSince, ticketId] =
    sort === 'due' ? decodeCursor(dueCursorSchema, cursor) : [null, ...decodeCursor(queueCursorSchema, cursor)];
  return { dueAt, rank, waitingSince, ticketId };
}
