import { decodeCursor, pageOf } from '@onceline/service-kit';
import type { WithSession } from '../store/session.js';
import { TICKET_COLUMNS, ticketOf, type TicketRow } from '../store/ticket-row.js';
import { queueCursorSchema, type QueueFilter, type QueuePage, type QueueQuery } from './queue-schemas.js';
import { toTicket } from './read-tickets.js';

/** As the index has it. What waits for nobody comes last. */
const WAITING_SINCE = `coalesce(waiting_since, 'infinity')`;
export const QUEUE_ORDER = `priority_rank desc, ${WAITING_SINCE}, ticket_id`;

/** Conditions on tickets, with their values. */
export class QueueConditions {
  readonly values: unknown[] = [];
  private readonly conditions = [`status in ('new', 'open')`];

  constructor({ bot, chat, team, assignee, tag, priority }: QueueFilter) {
    this.equal({ bot_id: bot, chat_id: chat, team, priority });
    if (tag !== undefined) this.add(`tags @> ${this.value(JSON.stringify([tag]))}::jsonb`);
    if (assignee === 'nobody') this.add('assignee is null');
    else this.equal({ assignee });
  }

  value(value: unknown): string {
    return `$${this.values.push(value)}`;
  }

  add(condition: string): void {
    this.conditions.push(condition);
  }

  text(): string {
    return this.conditions.join(' and ');
  }

  private equal(columns: Readonly<Record<string, string | undefined>>): void {
    for (const [column, value] of Object.entries(columns)) {
      if (value !== undefined) this.add(`${column} = ${this.value(value)}`);
    }
  }
}

/** What an agent has to do next: the most urgent first, among those who has waited longest. */
export async function readQueue(withSession: WithSession, query: QueueQuery): Promise<QueuePage> {
  const conditions = new QueueConditions(query);
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
    ({ priority, waitingSince, id }) => [RANKS.indexOf(priority), waitingSince, id],
  );
}

const RANKS: readonly string[] = ['low', 'normal', 'high', 'urgent'];
