import { withAllAccounts } from '../customer/customer.store.js';
import { MESSAGE_PAYLOADS, openMessages, type MessagePayloads, type OpenedMessage } from '../store/message-content.js';
import type { WithSession } from '../store/session.js';
import { TicketConditions, type TicketFilter } from '../store/ticket-conditions.js';
import { TICKET_COLUMNS, ticketOf, type TicketRow } from '../store/ticket-row.js';
import type { ExportedMessage } from './export-schemas.js';
import type { Reading } from './reading.js';
import { toTicket } from './read-tickets.js';
import type { Ticket } from './schemas.js';

const PAGE_TICKETS = 50;
/** Of one ticket in one question: a page of tickets may hold that many each. */
const PAGE_MESSAGES = 100;

/**
 * Tickets, the oldest first, page by page. Each page is a question of its own: no connection and no snapshot is held while the reader takes
 * his time, and what opens meanwhile comes at the end.
 */
export async function* ticketPages(withSession: WithSession, filter: TicketFilter): AsyncGenerator<Ticket[]> {
  const all = await withSession((session) => withAllAccounts(session, filter));
  let after: Ticket | undefined;
  for (;;) {
    const { text, values } = pageAfter(all, after);
    const { rows } = await withSession((session) => session.query<TicketRow>({ text }, values));
    const tickets = rows.map((row) => toTicket(ticketOf(row)));
    if (tickets.length > 0) yield tickets;
    if (tickets.length < PAGE_TICKETS) return;
    after = tickets.at(-1);
  }
}

function pageAfter(filter: TicketFilter, after: Ticket | undefined): { text: string; values: unknown[] } {
  const conditions = new TicketConditions(filter);
  if (after !== undefined) {
    const [openedAt, id] = [after.openedAt, after.id].map((value) => conditions.value(value));
    conditions.add(`(opened_at, ticket_id) > (${openedAt}::timestamptz, ${id}::text)`);
  }
  const text = `select ${TICKET_COLUMNS} from ticketing.tickets where ${conditions.text()}
    order by opened_at, ticket_id limit ${PAGE_TICKETS}`;
  return { text, values: conditions.values };
}

interface MessageRow extends MessagePayloads {
  ticket_id: string;
  version: number;
  bot_id: string;
  chat_id: string;
  message_id: string;
  author: 'customer' | 'staff';
  sent_at: Date;
  media_group_id: string | null;
  edited_at: Date | null;
  edit_count: number;
  deleted_at: Date | null;
}

const MESSAGES = {
  name: 'messages-to-export',
  text: `select m.* from unnest($1::text[]) with ordinality as t(id, position) cross join lateral (
           select ticket_id, version, bot_id, chat_id, message_id, author, sent_at, media_group_id, edited_at, edit_count, deleted_at,
               ${MESSAGE_PAYLOADS}
             from ticketing.ticket_messages m where ticket_id = t.id and version > $2 order by version limit ${PAGE_MESSAGES}) as m
         order by t.position, m.version`,
};

/** The messages of those tickets as they read now, ticket by ticket, in the order of their arrival. */
export async function* messagePages(
  { withSession, vault }: Reading,
  filter: TicketFilter,
): AsyncGenerator<ExportedMessage[]> {
  const read = (ids: readonly string[], after: number) =>
    withSession(async (session) => {
      const { rows } = await session.query<MessageRow>(MESSAGES, [ids, after]);
      return (await openMessages(session, vault, rows)).map(toExported);
    });
  for await (const tickets of ticketPages(withSession, filter)) {
    const messages = await read(
      tickets.map(({ id }) => id),
      0,
    );
    for (const { id } of tickets) {
      let page = messages.filter(({ ticketId }) => ticketId === id);
      while (page.length > 0) {
        yield page;
        page = page.length < PAGE_MESSAGES ? [] : await read([id], page.at(-1)?.version ?? 0);
      }
    }
  }
}

function toExported({ row, content }: OpenedMessage<MessageRow>): ExportedMessage {
  const { sender, text, attachments, isErased } = content;
  return {
    ticketId: row.ticket_id,
    version: row.version,
    botId: row.bot_id,
    chatId: row.chat_id,
    messageId: Number(row.message_id),
    author: row.author,
    senderId: sender?.id ?? null,
    senderName: sender?.name ?? null,
    senderUsername: sender?.username ?? null,
    sentAt: row.sent_at.toISOString(),
    editedAt: row.edited_at?.toISOString() ?? null,
    editCount: row.edit_count,
    mediaGroupId: row.media_group_id,
    text,
    attachments: [...attachments],
    isErased,
    deletedAt: row.deleted_at?.toISOString() ?? null,
  };
}
