import type { Priority, TicketStatus } from '@onceline/contracts';
import type { FieldValues } from '../ticket/custom-fields.js';
import type { Link } from '../ticket/links.js';
import type { Ticket } from '../ticket/state.js';
import { arrays, sortedBy, type Rows } from './rows.js';

/** A time as the driver gives it, or as PostgreSQL writes it into JSON. */
type Time = string | Date;

/** A row of `ticketing.tickets`: the state of a ticket, column by column. */
export interface TicketRow {
  ticket_id: string;
  bot_id: string;
  chat_id: string;
  conversation: string;
  customer_id: string | null;
  topic_id: string | null;
  previous_ticket_id: string | null;
  status: TicketStatus;
  priority: Priority;
  assignee: string | null;
  team: string | null;
  tags: string[];
  watchers: string[];
  fields: FieldValues;
  links: Link[];
  merged_into: string | null;
  merged_from: string[];
  snoozed_until: Time | null;
  asked_at: Time | null;
  customer_wrote_at: Time | null;
  waiting_since: Time | null;
  resolved_at: Time | null;
  version: number;
  message_count: number;
  opened_at: Time;
  updated_at: Time;
}

const time = (value: Time): string => new Date(value).toISOString();
const timeOrNull = (value: Time | null): string | null => (value === null ? null : time(value));

/** The state that a row holds. */
export function ticketOf(row: TicketRow): Ticket {
  const { status, priority, assignee, team, tags, watchers, fields, links, version } = row;
  return {
    ...{ status, priority, assignee, team, tags, watchers, fields, links, version },
    ticketId: row.ticket_id,
    botId: row.bot_id,
    chatId: row.chat_id,
    conversation: row.conversation,
    customerId: row.customer_id,
    topicId: row.topic_id,
    previousTicketId: row.previous_ticket_id,
    mergedInto: row.merged_into,
    mergedFrom: row.merged_from,
    snoozedUntil: timeOrNull(row.snoozed_until),
    askedAt: timeOrNull(row.asked_at),
    customerWroteAt: timeOrNull(row.customer_wrote_at),
    waitingSince: timeOrNull(row.waiting_since),
    resolvedAt: timeOrNull(row.resolved_at),
    messageCount: row.message_count,
    openedAt: time(row.opened_at),
    updatedAt: time(row.updated_at),
  };
}

interface TicketColumn {
  readonly name: keyof TicketRow;
  readonly type: string;
  readonly value: (ticket: Ticket) => string | number | null;
  /** Stays as it was when the ticket was opened. */
  readonly isFixed?: true;
}

const COLUMNS: readonly TicketColumn[] = [
  { name: 'ticket_id', type: 'text', value: ({ ticketId }) => ticketId, isFixed: true },
  { name: 'bot_id', type: 'text', value: ({ botId }) => botId, isFixed: true },
  { name: 'chat_id', type: 'text', value: ({ chatId }) => chatId },
  { name: 'conversation', type: 'text', value: ({ conversation }) => conversation },
  { name: 'customer_id', type: 'text', value: ({ customerId }) => customerId, isFixed: true },
  { name: 'topic_id', type: 'text', value: ({ topicId }) => topicId, isFixed: true },
  { name: 'previous_ticket_id', type: 'text', value: ({ previousTicketId }) => previousTicketId, isFixed: true },
  { name: 'opened_at', type: 'timestamptz', value: ({ openedAt }) => openedAt, isFixed: true },
  { name: 'status', type: 'text', value: ({ status }) => status },
  { name: 'priority', type: 'text', value: ({ priority }) => priority },
  { name: 'assignee', type: 'text', value: ({ assignee }) => assignee },
  { name: 'team', type: 'text', value: ({ team }) => team },
  { name: 'tags', type: 'jsonb', value: ({ tags }) => JSON.stringify(tags) },
  { name: 'watchers', type: 'jsonb', value: ({ watchers }) => JSON.stringify(watchers) },
  { name: 'fields', type: 'jsonb', value: ({ fields }) => JSON.stringify(fields) },
  { name: 'links', type: 'jsonb', value: ({ links }) => JSON.stringify(links) },
  { name: 'merged_into', type: 'text', value: ({ mergedInto }) => mergedInto },
  { name: 'merged_from', type: 'jsonb', value: ({ mergedFrom }) => JSON.stringify(mergedFrom) },
  { name: 'snoozed_until', type: 'timestamptz', value: ({ snoozedUntil }) => snoozedUntil },
  { name: 'asked_at', type: 'timestamptz', value: ({ askedAt }) => askedAt },
  { name: 'customer_wrote_at', type: 'timestamptz', value: ({ customerWroteAt }) => customerWroteAt },
  { name: 'waiting_since', type: 'timestamptz', value: ({ waitingSince }) => waitingSince },
  { name: 'resolved_at', type: 'timestamptz', value: ({ resolvedAt }) => resolvedAt },
  { name: 'version', type: 'int', value: ({ version }) => version },
  { name: 'message_count', type: 'int', value: ({ messageCount }) => messageCount },
  { name: 'updated_at', type: 'timestamptz', value: ({ updatedAt }) => updatedAt },
];

const NAMES = COLUMNS.map(({ name }) => name);

/** By name, so that a column that a newer version adds does not change what a prepared statement answers. */
export const TICKET_COLUMNS = NAMES.join(', ');

/** The same of a table that is joined under another name. */
export function ticketColumnsOf(alias: string): string {
  return NAMES.map((name) => `${alias}.${name}`).join(', ');
}

const CHANGES = COLUMNS.filter(({ isFixed }) => !isFixed).map(({ name }) => `${name} = excluded.${name}`);

/**
 * Two writers of one ticket collide on its event version, whichever state would have won here. In the order of conversations, which is
 * the same at every instance: two that open tickets for the same ones choose an id each, and would wait crosswise in the order of ids.
 */
export const TICKET_ROWS: Rows<Ticket> = {
  columns: COLUMNS.length,
  sql: (first) => `insert into ticketing.tickets (${TICKET_COLUMNS})
    select * from ${arrays(
      first,
      COLUMNS.map(({ type }) => type),
    )}
    on conflict (ticket_id) do update set ${CHANGES.join(', ')}`,
  values(tickets) {
    const rows = sortedBy(tickets, ({ conversation }) => conversation);
    return COLUMNS.map(({ value }) => rows.map(value));
  },
};
