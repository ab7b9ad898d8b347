import { OUTCOMES, type Outcome } from '@onceline/contracts';
import type { Books } from './books.js';
import type { Findings } from './findings.js';
import { checkOrder } from './order.js';
import { TICKET_OUTCOMES } from './outcomes.js';

/** How many of each the database holds. */
export interface TicketSums {
  readonly tickets: number;
  readonly ticketMessages: number;
  readonly events: number;
}

/** Judges the tickets themselves: numbered histories, one ticket a message, one opening update a ticket. */
export function checkTickets(books: Books, findings: Findings): TicketSums {
  const order = eventOrder(books);
  checkVersions(books, findings, order);
  checkOrder(books, findings, order);
  checkReadModel(books, findings);
  checkMessages(books, findings);
  checkLedgerTickets(books, findings);
  return {
    tickets: books.tickets.length,
    ticketMessages: books.messages.meaning.length,
    events: books.events.ticket.length,
  };
}

/** Room for this many events a ticket in one sortable number. */
const VERSIONS = 2 ** 22;

/** Rows of events, by ticket and version. */
function eventOrder({ events }: Books): Uint32Array {
  const places = new Float64Array(events.ticket.length);
  for (let row = 0; row < places.length; row += 1) {
    places[row] = events.ticket.at(row) * VERSIONS + Math.min(events.version.at(row), VERSIONS - 1);
  }
  return Uint32Array.from(places.keys()).sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0));
}

function checkVersions(books: Books, findings: Findings, order: Uint32Array): void {
  const { ticket: tickets, version } = books.events;
  let ticket = -1;
  let expected = 1;
  let reported = false;
  for (const row of order) {
    const current = tickets.at(row);
    if (current !== ticket) [ticket, expected, reported] = [current, 1, false];
    if (version.at(row) !== expected && !reported) {
      findings.contradiction('event-version-gap', books.ticketIds.textOf(ticket));
      reported = true;
    }
    expected += 1;
  }
}

function checkReadModel(books: Books, findings: Findings): void {
  const HAS_EVENTS = 1;
  const HAS_ROW = 2;
  const marks = new Uint8Array(books.ticketIds.size);
  const mark = (ticket: number, bit: number) => (marks[ticket] = (marks[ticket] ?? 0) | bit);
  for (let row = 0; row < books.events.ticket.length; row += 1) mark(books.events.ticket.at(row), HAS_EVENTS);
  for (let row = 0; row < books.tickets.length; row += 1) mark(books.tickets.at(row), HAS_ROW);
  marks.forEach((bits, ticket) => {
    if (bits === HAS_EVENTS) findings.contradiction('events-without-ticket', books.ticketIds.textOf(ticket));
    if (bits === HAS_ROW) findings.contradiction('ticket-without-events', books.ticketIds.textOf(ticket));
  });
}

function checkMessages(books: Books, findings: Findings): void {
  const { meaning } = books.messages;
  const seen = new Uint8Array(books.meanings.size);
  for (let row = 0; row < meaning.length; row += 1) {
    const message = meaning.at(row);
    if (seen[message] === 1) findings.doubledMessage(`message ${books.meanings.textOf(message)}`);
    seen[message] = 1;
  }
}

const WITH_EVENT: ReadonlySet<Outcome> = new Set(TICKET_OUTCOMES);

function checkLedgerTickets(books: Books, findings: Findings): void {
  const hasEvent = new Uint8Array(books.keys.size);
  for (let row = 0; row < books.events.key.length; row += 1) hasEvent[books.events.key.at(row)] = 1;
  const opened = new Uint8Array(books.ticketIds.size);
  const ledger = books.ledger;
  for (let row = 0; row < ledger.key.length; row += 1) {
    const outcome = OUTCOMES[ledger.outcome.at(row)];
    if (outcome === undefined || !WITH_EVENT.has(outcome)) continue;
    const key = ledger.key.at(row);
    const ticket = ledger.ticket.at(row);
    if (ticket < 0 || hasEvent[key] === 0) findings.contradiction('outcome-without-event', key);
    if (ticket < 0 || outcome !== 'ticket-opened') continue;
    if (opened[ticket] === 1) findings.contradiction('ticket-opened-twice', books.ticketIds.textOf(ticket));
    opened[ticket] = 1;
  }
}
