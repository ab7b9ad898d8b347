import { readTicketEvent } from '@onceline/contracts';
import { follow } from '../ticket/evolve.js';
import { NO_TICKET, type TicketState } from '../ticket/state.js';
import { inTransaction } from './in-transaction.js';
import { MessageStates } from './message-states.js';
import type { Session, WithSession } from './session.js';
import { TICKET_ROWS } from './ticket-row.js';
import { EDITED_ROWS, MESSAGE_ROWS } from './write-rows.js';

const NEXT_EVENTS = {
  name: 'events-by-ticket',
  text: `select ticket_id, version, payload::text from ticketing.events where (ticket_id, version) > ($1, $2)
           order by ticket_id, version limit $3`,
};
const WRITE_TICKETS = { name: 'rebuild-tickets', text: TICKET_ROWS.sql(1) };
const WRITE_MESSAGES = { name: 'rebuild-messages', text: MESSAGE_ROWS.sql(1) };
const WRITE_EDITED = { name: 'rebuild-edited', text: EDITED_ROWS.sql(1) };
const PAGE_ROWS = 5000;

interface EventRow {
  ticket_id: string;
  version: number;
  payload: string;
}

/**
 * Drops the read models and makes them again from the events, in one transaction: readers see the old ones until it ends,
 * writers wait. Answers the number of events read.
 */
export function rebuildReadModels(withSession: WithSession): Promise<number> {
  return withSession((session) =>
    inTransaction(
      session,
      async () => {
        await session.command('delete from ticketing.ticket_messages; delete from ticketing.tickets');
        return replayAll(session);
      },
      'begin; lock table ticketing.tickets, ticketing.ticket_messages, ticketing.events in share row exclusive mode',
    ),
  );
}

/**
 * Events come ticket by ticket; one page may end inside a ticket, whose state and messages then wait for the next page: half of its history might
 * leave it active beside another one of its conversation.
 */
async function replayAll(session: Session): Promise<number> {
  let count = 0;
  let after = { ticket_id: '', version: 0 };
  let state: TicketState = NO_TICKET;
  let messages = new MessageStates(new Map());
  for (;;) {
    const { rows } = await session.query<EventRow>(NEXT_EVENTS, [after.ticket_id, after.version, PAGE_ROWS]);
    const changed = new Map<string, TicketState>(state.status === 'none' ? [] : [[state.ticketId, state]]);
    for (const { payload } of rows) {
      const event = readTicketEvent(JSON.parse(payload));
      state = follow(state, event);
      messages.apply(event);
      changed.set(event.ticketId, state);
    }
    const last = rows.at(-1);
    const isLastPage = !last || rows.length < PAGE_ROWS;
    if (!isLastPage) changed.delete(last.ticket_id);
    const tickets = [...changed.values()].filter((ticket) => ticket.status !== 'none');
    const { appended, edited } = messages.changes();
    await session.query(WRITE_TICKETS, TICKET_ROWS.values(tickets));
    await session.query(WRITE_MESSAGES, MESSAGE_ROWS.values(appended));
    await session.query(WRITE_EDITED, EDITED_ROWS.values(edited));
    count += rows.length;
    if (isLastPage) return count;
    after = last;
    messages = messages.writtenOf(last.ticket_id);
  }
}

const CHECKSUM = {
  name: 'read-model-checksum',
  text: `select md5(coalesce((select string_agg(t::text, E'\\n' order by ticket_id) from ticketing.tickets t), '')
           || '|' || coalesce((select string_agg(m::text, E'\\n' order by bot_id, chat_id, message_id)
                from ticketing.ticket_messages m), '')) as checksum`,
};

/** The same for the same contents, whatever the order in which they were written. */
export async function readModelChecksum(withSession: WithSession): Promise<string> {
  const { rows } = await withSession((session) => session.query<{ checksum: string }>(CHECKSUM, []));
  return rows[0]?.checksum ?? '';
}
