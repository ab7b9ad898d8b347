import type { Outcome } from '@onceline/contracts';
import { decodeCursor, pageOf } from '@onceline/service-kit';
import { withAllAccounts } from '../customer/customer.store.js';
import type { Session, WithSession } from '../store/session.js';
import type { Reading } from './reading.js';
import { TicketConditions, type TicketFilter } from '../store/ticket-conditions.js';
import { TICKET_COLUMNS, ticketOf, type TicketRow } from '../store/ticket-row.js';
import type { Ticket as TicketState } from '../ticket/state.js';
import type { EventOf } from '../ticket/events.js';
import type { OpenedEvent } from '../privacy/vault.js';
import { readEventsOfType } from './read-events-of-type.js';
import { readMessages } from './read-messages.js';
import {
  eventsCursorSchema,
  ticketsCursorSchema,
  type EventsPage,
  type Ticket,
  type TicketsPage,
  type TicketsQuery,
  type TicketWithMessages,
} from './schemas.js';

/** Newest first; the id decides between tickets of the same moment. */
export async function readTickets(withSession: WithSession, query: TicketsQuery): Promise<TicketsPage> {
  const after = query.cursor === undefined ? undefined : decodeCursor(ticketsCursorSchema, query.cursor);
  const rows = await withSession(async (session) => {
    const { text, values } = pageOfTickets(await withAllAccounts(session, query), { after, limit: query.limit + 1 });
    return (await session.query<TicketRow>({ text }, values)).rows;
  });
  return pageOf(
    rows.map((row) => toTicket(ticketOf(row))),
    query.limit,
    (ticket) => ticket,
    ({ openedAt, id }) => [openedAt, id],
  );
}

function pageOfTickets(
  filter: TicketFilter,
  { after, limit }: { after: readonly [string, string] | undefined; limit: number },
): { text: string; values: unknown[] } {
  const conditions = new TicketConditions(filter);
  if (after !== undefined) {
    const [openedAt, ticketId] = after;
    const [o, t] = [openedAt, ticketId].map((value) => conditions.value(value));
    conditions.add(`(opened_at, ticket_id) < (${o}::timestamptz, ${t}::text)`);
  }
  const text = `select ${TICKET_COLUMNS} from ticketing.tickets where ${conditions.text()}
    order by opened_at desc, ticket_id desc limit ${conditions.value(limit)}`;
  return { text, values: conditions.values };
}

const ONE_TICKET = { name: 'one-ticket', text: `select ${TICKET_COLUMNS} from ticketing.tickets where ticket_id = $1` };
const MISSING = {
  name: 'missing-of-ticket',
  text: `select * from (
           select e.version, e.idempotency_key, e.payload #>> '{data,reason}' as reason, e.payload #>> '{data,receivedAt}' as received_at,
             e.payload ->> 'occurredAt' as given_up_at, l.outcome
           from ticketing.events e join ticketing.ledger l using (idempotency_key)
           where e.ticket_id = $1 and e.type = 'update-missing' order by e.version desc limit 1000) as latest
         order by version`,
};

interface MissingRow {
  version: number;
  idempotency_key: string;
  reason: string;
  received_at: string;
  given_up_at: string;
  outcome: Outcome;
}

/** Ticket and messages of one moment. */
export function readTicket({ withSession, vault }: Reading, id: string): Promise<TicketWithMessages | undefined> {
  return withSession((session) =>
    atOneMoment(session, async () => {
      const [ticket] = (await session.query<TicketRow>(ONE_TICKET, [id])).rows;
      if (!ticket) return undefined;
      const messages = await readMessages(session, vault, [id, ...ticket.merged_from]);
      // Without an event beside those that every ticket has there is nothing to look for.
      const hasOthers = ticket.version > ticket.message_count + 1;
      const gaps = hasOthers ? (await session.query<MissingRow>(MISSING, [id])).rows : [];
      const notes = hasOthers ? await readEventsOfType(session, vault, { ticketId: id, type: 'note-added' }) : [];
      return { ...toTicket(ticketOf(ticket)), messages, missing: gaps.map(toMissing), notes: notes.map(toNote) };
    }),
  );
}

const EVENTS = {
  name: 'events-of-ticket',
  text: `select payload from ticketing.events where ticket_id = $1 and version > $2 order by version limit $3`,
};

function toNote({ event, isErased }: OpenedEvent<EventOf<'note-added'>>): TicketWithMessages['notes'][number] {
  const { version, occurredAt: at, data } = event;
  return { version, by: data.by, staff: data.staff, at, text: data.text, isErased };
}

function toMissing(row: MissingRow): TicketWithMessages['missing'][number] {
  const { version, reason, outcome } = row;
  const times = { receivedAt: row.received_at, givenUpAt: row.given_up_at };
  return { idempotencyKey: row.idempotency_key, version, reason, outcome, ...times };
}

const EXISTS = { name: 'ticket-exists', text: 'select 1 from ticketing.tickets where ticket_id = $1' };

/** The history in order; undefined when there is no such ticket. */
export async function readEvents(
  { withSession, vault }: Reading,
  id: string,
  page: { limit: number; cursor?: string | undefined },
): Promise<EventsPage | undefined> {
  const after = page.cursor === undefined ? 0 : decodeCursor(eventsCursorSchema, page.cursor);
  const events = await withSession(async (session) => {
    const { rows } = await session.query<{ payload: unknown }>(EVENTS, [id, after, page.limit + 1]);
    // Behind the last event there is nothing, in a ticket as in none.
    if (rows.length === 0 && (await session.query(EXISTS, [id])).rowCount === 0) return undefined;
    return vault.open(
      session,
      rows.map(({ payload }) => payload),
    );
  });
  if (!events) return undefined;
  return pageOf(events, page.limit, toShown, ({ event: { version } }) => version);
}

/** As the API shows an event. */
export function toShown({ event, isErased }: OpenedEvent): EventsPage['items'][number] {
  return isErased ? { ...event, isErased } : { ...event };
}

/** The tables are held before the moment is taken: a rebuild that replaced them in between would leave them empty at that moment. */
const BEGIN = `begin transaction isolation level repeatable read read only;
  lock table ticketing.tickets, ticketing.ticket_messages in access share mode`;

async function atOneMoment<Result>(session: Session, read: () => Promise<Result>): Promise<Result> {
  await session.command(BEGIN);
  try {
    return await read();
  } finally {
    // Nothing was written, so there is nothing to lose.
    await session.command('rollback').catch(() => session.discard());
  }
}

/** As the API shows a state. */
export function toTicket({ ticketId: id, ...ticket }: TicketState): Ticket {
  const { tags, watchers, fields, links, mergedFrom } = ticket;
  const lists = { tags: [...tags], watchers: [...watchers], links: [...links], mergedFrom: [...mergedFrom] };
  return { id, ...ticket, ...lists, fields: { ...fields } };
}
