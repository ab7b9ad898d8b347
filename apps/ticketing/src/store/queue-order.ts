import { IN_QUEUE, QUEUE_ORDER, TicketConditions, WAITING_SINCE, type TicketFilter } from './ticket-conditions.js';
import { TICKET_COLUMNS, ticketColumnsOf } from './ticket-row.js';

/** What comes first: the most urgent, or what is due. */
export type QueueSort = 'priority' | 'due';

/** The ticket that the one before ended with. */
export interface QueuePlace {
  /** Only where what is due comes first; null: it is not due at any time. RFC 3339 UTC. */
  readonly dueAt: string | null;
  readonly rank: number;
  readonly waitingSince: string | null;
  readonly ticketId: string;
}

interface QueuePart {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * The queue in parts, one after the other; each is an order in an index. What is due stands beside the tickets, so a part with it goes through those that
 * are due, in their order.
 */
export function queueParts(
  filter: TicketFilter,
  { sort, after, limit }: { sort: QueueSort; after?: QueuePlace | undefined; limit: number },
): readonly QueuePart[] {
  if (sort === 'priority') return [byPriority(filter, { after, limit, withoutDue: false })];
  const rest = byPriority(filter, { after: after?.dueAt === null ? after : undefined, limit, withoutDue: true });
  return after?.dueAt === null ? [rest] : [byDue(filter, after, limit), rest];
}

function byPriority(
  filter: TicketFilter,
  { after, limit, withoutDue }: { after: QueuePlace | undefined; limit: number; withoutDue: boolean },
): QueuePart {
  const conditions = new TicketConditions(filter).add(IN_QUEUE);
  if (withoutDue)
    conditions.add(
      `not exists (select from ticketing.sla_tickets s where s.ticket_id = t.ticket_id and s.due_at is not null)`,
    );
  if (after) conditions.add(behind(conditions, after));
  const dueAt = `(select s.due_at from ticketing.sla_tickets s where s.ticket_id = t.ticket_id) as due_at`;
  const text = `select ${TICKET_COLUMNS}, ${dueAt} from ticketing.tickets t where ${conditions.text()}
    order by ${QUEUE_ORDER} limit ${conditions.value(limit)}`;
  return { text, values: conditions.values };
}

function behind(conditions: TicketConditions, { rank, waitingSince, ticketId }: QueuePlace): string {
  const [r, w, t] = [rank, waitingSince ?? 'infinity', ticketId].map((value) => conditions.value(value));
  return `(priority_rank < ${r}::int or (priority_rank = ${r}::int and (${WAITING_SINCE}, ticket_id) > (${w}::timestamptz, ${t}::text)))`;
}

function byDue(filter: TicketFilter, after: QueuePlace | undefined, limit: number): QueuePart {
  const conditions = new TicketConditions(filter).add(IN_QUEUE);
  const from = after
    ? `and (d.due_at, d.ticket_id) > (${conditions.value(after.dueAt)}::timestamptz, ${conditions.value(after.ticketId)}::text)`
    : '';
  const text = `select ${ticketColumnsOf('t')}, d.due_at from ticketing.sla_tickets d
    cross join lateral (select * from ticketing.tickets t where t.ticket_id = d.ticket_id and ${conditions.text()} offset 0) t
    where d.due_at is not null ${from} order by d.due_at, d.ticket_id limit ${conditions.value(limit)}`;
  return { text, values: conditions.values };
}
