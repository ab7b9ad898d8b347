import { OUTCOMES } from '@onceline/contracts';
import { partitionFor } from '@onceline/kafka';
import { deadLetterName, type Books } from './books.js';
import type { Findings } from './findings.js';
import { ledgerRows, NO_ROW } from './outcomes.js';

/** How much of what the database holds is on its topic. */
export interface RelaySums {
  /** Events that lie in tickets.events at least once. */
  readonly published: number;
  /** Updates that were given up, by what an operator did with them so far. */
  readonly dead: { readonly deadLettered: number; readonly discarded: number };
}

/** Judges the relay: every event lies in tickets.events, every update that was given up in the dead-letter topic. */
export function checkRelay(books: Books, findings: Findings): RelaySums {
  const published = checkEvents(books, findings);
  checkLetters(books, findings);
  return { published, dead: checkDeadLetters(books, findings) };
}

/** What the relay's cursor has not reached may still be pending. */
function checkEvents(books: Books, findings: Findings): number {
  const { events } = books;
  const isPublished = checkPublished(books, findings);
  let published = 0;
  for (let row = 0; row < events.eventId.length; row += 1) {
    if (isPublished[events.eventId.at(row)] === 1) {
      published += 1;
      continue;
    }
    if (events.recordedAt.at(row) < eventsWholeSince(books, events.ticket.at(row))) continue;
    const key = events.key.at(row);
    if (events.relayed.at(row) === 1) findings.missing(key);
    else if (findings.judges(key)) findings.pending += 1;
  }
  return published;
}

/** Of the partition in which a ticket's events lie: what retention has taken from another one excuses nothing here. */
function eventsWholeSince({ ticketIds, wholeSince: { ticketEvents } }: Books, ticket: number): number {
  return ticketEvents[partitionFor(ticketIds.textOf(ticket), ticketEvents.length)] ?? -Infinity;
}

/** Every record against its event: a copy is fine, other bytes are not. Answers which events are published. */
function checkPublished(books: Books, findings: Findings): Uint8Array {
  const { events, eventIds, published } = books;
  const rowOf = new Int32Array(eventIds.size).fill(NO_ROW);
  for (let row = 0; row < events.eventId.length; row += 1) rowOf[events.eventId.at(row)] = row;
  const isPublished = new Uint8Array(eventIds.size);
  const order = new PublishedOrder(books, findings);
  for (let record = 0; record < published.eventId.length; record += 1) {
    const eventId = published.eventId.at(record);
    const row = rowOf[eventId] ?? NO_ROW;
    const isFirst = isPublished[eventId] === 0;
    isPublished[eventId] = 1;
    if (row !== NO_ROW && isFirst) order.take(row);
    if (row === NO_ROW) {
      // What came after the tables were read may have an event that they did not show yet.
      if (published.settled.at(record) === 1) {
        findings.contradiction('published-event-without-row', eventIds.textOf(eventId));
      }
    } else if (events.payloadHash.at(row) !== published.payloadHash.at(record)) {
      findings.contradiction('published-event-differs', eventIds.textOf(eventId));
    }
  }
  return isPublished;
}

/** The events of a ticket, each by its first record, in the order of their partition: a version never comes behind a later one. */
class PublishedOrder {
  private readonly latest: Float64Array;

  constructor(
    private readonly books: Books,
    private readonly findings: Findings,
  ) {
    this.latest = new Float64Array(books.ticketIds.size);
  }

  take(row: number): void {
    const { events, ticketIds } = this.books;
    const ticket = events.ticket.at(row);
    const version = events.version.at(row);
    const latest = this.latest[ticket] ?? 0;
    if (version > latest) this.latest[ticket] = version;
    // Of what retention has begun to take, a copy may be the first that is left.
    else if (events.recordedAt.at(row) >= eventsWholeSince(this.books, ticket)) {
      const subject = `${ticketIds.textOf(ticket)}: version ${version} behind ${latest}`;
      this.findings.contradiction('published-out-of-order', subject);
    }
  }
}

/** A dead letter leaves through the outbox, a moment after its ledger row; it stays when an operator discards the update. */
function checkDeadLetters(books: Books, findings: Findings): RelaySums['dead'] {
  const { ledger, keys, ticketingDeadLetters, waiting, wholeSince } = books;
  const leaving = new Set(waiting.outboxDeadLetters.map(({ key, redriveId }) => deadLetterName(key, redriveId)));
  const counts = { deadLettered: 0, discarded: 0 };
  for (let row = 0; row < ledger.key.length; row += 1) {
    const outcome = OUTCOMES[ledger.outcome.at(row)];
    if (outcome !== 'dead-lettered' && outcome !== 'discarded') continue;
    const key = ledger.key.at(row);
    const redrive = ledger.redrive.at(row);
    const name = deadLetterName(keys.textOf(key), redrive < 0 ? null : waiting.redrives.textOf(redrive));
    if (findings.covers(ledger.receivedAt.at(row))) {
      counts[outcome === 'discarded' ? 'discarded' : 'deadLettered'] += 1;
    }
    if (ticketingDeadLetters.has(name)) continue;
    if (leaving.has(name)) findings.pending += findings.judges(key) ? 1 : 0;
    // Dead letters keep the key of their update, and with it its partition.
    else if (ledger.receivedAt.at(row) >= (wholeSince.ticketingDeadLetters[ledger.partition.at(row)] ?? -Infinity)) {
      findings.missing(key);
    }
  }
  return counts;
}

/** Given up and settled otherwise would be two outcomes. A redrive replaces the one by the other, and the ledger keeps its mark. */
function checkLetters(books: Books, findings: Findings): void {
  const { keys, ledger, ticketingDeadLetters, waiting } = books;
  const rowOf = ledgerRows(books, () => undefined);
  for (const { key, redriveId, settled } of ticketingDeadLetters.values()) {
    if (!settled) continue;
    const id = keys.idOf(key);
    const row = rowOf[id] ?? NO_ROW;
    const outcome = row === NO_ROW ? undefined : OUTCOMES[ledger.outcome.at(row)];
    if (outcome === 'dead-lettered' || outcome === 'discarded') continue;
    const redrive = row === NO_ROW ? -1 : ledger.redrive.at(row);
    const isRedriven = redrive >= 0 && waiting.redrives.textOf(redrive) !== redriveId;
    if (!isRedriven) findings.contradiction('dead-letter-without-outcome', id);
  }
}
