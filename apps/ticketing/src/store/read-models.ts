import { follow } from '../ticket/evolve.js';
import type { TicketEvent } from '../ticket/events.js';
import type { RecordedMessage } from '../ticket/message.js';
import { NO_TICKET, type Ticket, type TicketState } from '../ticket/state.js';
import { MessageStates } from './message-states.js';
import type { Rows } from './rows.js';
import type { Statement } from './session.js';
import { TICKET_ROWS } from './ticket-row.js';
import { MESSAGE_ROWS } from './write-rows.js';

/** What the events of one ticket come to. */
export interface TicketHistory {
  readonly ticket: Ticket;
  readonly messages: readonly RecordedMessage[];
}

/** A table that holds nothing but what events say. Each of its rows is of one ticket, which its column `ticket_id` names. */
export interface ReadModel {
  readonly table: string;
  /** Inserts into the table of this name in another schema. */
  insertInto(schema: string): Statement;
  values(histories: readonly TicketHistory[]): unknown[][];
}

/** Those that are written with the events. Clocks follow them (decision 31); parked updates, gaps that no ticket shows yet and the ledger are no read models, and stay as they are. */
export const READ_MODELS: readonly ReadModel[] = [
  readModel('tickets', TICKET_ROWS, ({ ticket }) => [ticket]),
  readModel('ticket_messages', MESSAGE_ROWS, ({ messages }) => messages),
];

function readModel<Row>(table: string, rows: Rows<Row>, of: (history: TicketHistory) => readonly Row[]): ReadModel {
  return {
    table,
    insertInto: (schema) => ({
      name: `rebuild-${table}`,
      text: rows.sql(1).replaceAll('ticketing.', `${schema}.`),
    }),
    values: (histories) => rows.values(histories.flatMap(of)),
  };
}

/** Folds events that come ticket by ticket. */
export class FoldHistories {
  private state: TicketState = NO_TICKET;
  private messages = new MessageStates(new Map());

  /** Answers the histories that have ended: the last one may go on. */
  add(events: Iterable<TicketEvent>): TicketHistory[] {
    const ended: TicketHistory[] = [];
    for (const event of events) {
      if (this.state.status !== 'none' && this.state.ticketId !== event.ticketId) ended.push(...this.end());
      this.state = follow(this.state, event);
      this.messages.apply(event);
    }
    return ended;
  }

  /** The last one, if there is one. */
  end(): TicketHistory[] {
    const { state, messages } = this;
    this.state = NO_TICKET;
    this.messages = new MessageStates(new Map());
    return state.status === 'none' ? [] : [{ ticket: state, messages: messages.changes().appended }];
  }
}
