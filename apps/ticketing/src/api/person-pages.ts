import { accountsOf } from '../customer/customer.store.js';
import type { Person } from '../ticket/person.js';
import type { Session } from '../store/session.js';
import { TICKET_COLUMNS, ticketOf, type TicketRow } from '../store/ticket-row.js';
import type { Reading } from './reading.js';
import { toShown, toTicket } from './read-tickets.js';

const AT_ONCE = 100;

const TICKETS = {
  name: 'tickets-of-person',
  text: `select ${TICKET_COLUMNS} from ticketing.tickets where bot_id = $1 and customer_id = $2 and (opened_at, ticket_id) > ($3, $4)
    order by opened_at, ticket_id limit ${AT_ONCE}`,
};
const EVENTS = {
  name: 'history-to-export',
  text: `select version, payload from ticketing.events where ticket_id = $1 and version > $2 order by version limit ${AT_ONCE}`,
};
/** What he wrote, and what he made of it, where the ticket is not his own, as in a topic that is one ticket for all. */
const ELSEWHERE = {
  name: 'messages-of-person-elsewhere',
  text: `with page as (
      select w.* from ticketing.message_words w
        cross join lateral (select customer_id from ticketing.tickets t where t.ticket_id = w.ticket_id limit 1) t
        where w.bot_id = $1 and w.sender_id = $2 and not coalesce(t.customer_id = any($3::text[]), false)
          and (w.sent_at, w.ticket_id, w.version) > ($4, $5, $6)
        order by w.sent_at, w.ticket_id, w.version limit ${AT_ONCE})
    select page.sent_at, page.ticket_id, page.version, e.payload from page cross join lateral (
      select e.version, e.payload from ticketing.events e where e.ticket_id = page.ticket_id and (e.version = page.version
        or e.version > page.version and e.type = 'message-edited' and e.payload #>> '{data,chatId}' = page.chat_id
          and e.payload #>> '{data,messageId}' = page.message_id::text)) e
    order by page.sent_at, page.ticket_id, page.version, e.version`,
};

interface EventRow {
  readonly version: number;
  readonly payload: unknown;
}

interface MessageRow extends EventRow {
  readonly sent_at: Date;
  readonly ticket_id: string;
}

/** Everything that is stored of a person, page by page, account by account: each of his tickets with its whole history, then what he wrote in others, up to a second ago. */
export async function* personPages(reading: Reading, person: Person): AsyncGenerator<object[]> {
  const { botId } = person;
  const accounts = await reading.withSession((session) => accountsOf(session, botId, person.personId));
  for (const personId of accounts) yield* ticketPages(reading, { botId, personId });
  for (const personId of accounts) yield* messagesElsewhere(reading, { botId, personId }, accounts);
}

async function* ticketPages(reading: Reading, { botId, personId }: Person): AsyncGenerator<object[]> {
  let after: [Date, string] = [new Date(0), ''];
  for (;;) {
    const { rows } = await reading.withSession((session) =>
      session.query<TicketRow>(TICKETS, [botId, personId, ...after]),
    );
    for (const ticket of rows.map(ticketOf)) {
      yield [{ ticket: toTicket(ticket) }];
      yield* historyPages(reading, ticket.ticketId);
      after = [new Date(ticket.openedAt), ticket.ticketId];
    }
    if (rows.length < AT_ONCE) return;
  }
}

async function* historyPages(reading: Reading, ticketId: string): AsyncGenerator<object[]> {
  for (let version = 0; ;) {
    const { rows, events } = await reading.withSession(async (session) => {
      const found = await session.query<EventRow>(EVENTS, [ticketId, version]);
      return { rows: found.rows, events: await openedLines(session, reading, found.rows) };
    });
    if (events.length > 0) yield events;
    if (rows.length < AT_ONCE) return;
    version = rows.at(-1)?.version ?? version;
  }
}

async function* messagesElsewhere(
  reading: Reading,
  { botId, personId }: Person,
  accounts: readonly string[],
): AsyncGenerator<object[]> {
  let after: [Date, string, number] = [new Date(0), '', 0];
  for (;;) {
    const { rows, events } = await reading.withSession(async (session) => {
      const found = await session.query<MessageRow>(ELSEWHERE, [botId, personId, accounts, ...after]);
      return { rows: found.rows, events: await openedLines(session, reading, found.rows) };
    });
    if (events.length > 0) yield events;
    const last = rows.at(-1);
    // Each message has one row at least.
    if (!last || rows.length < AT_ONCE) return;
    after = [last.sent_at, last.ticket_id, last.version];
  }
}

async function openedLines(session: Session, { vault }: Reading, rows: readonly EventRow[]): Promise<object[]> {
  const opened = await vault.open(
    session,
    rows.map(({ payload }) => payload),
  );
  return opened.map((event) => ({ event: toShown(event) }));
}
