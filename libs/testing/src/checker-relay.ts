import { OUTCOMES } from '@onceline/contracts';
import type { Books } from './checker-books.js';
import type { Column } from './checker-columns.js';
import type { Findings } from './checker-findings.js';

/** How much of what the database holds is on its topic. */
export interface RelaySums {
  /** Events that lie in tickets.events at least once. */
  readonly published: number;
}

/** Judges the relay: every event lies in tickets.events, every dead-lettered update in the dead-letter topic. */
export function checkRelay(books: Books, findings: Findings): RelaySums {
  checkDeadLetters(books, findings);
  return { published: checkEvents(books, findings) };
}

/** What the relay's cursor has not reached may still be pending. */
function checkEvents({ events, eventIds, publishedEvents, wholeSince }: Books, findings: Findings): number {
  const isPublished = marked(publishedEvents, eventIds.size);
  let published = 0;
  for (let row = 0; row < events.eventId.length; row += 1) {
    if (isPublished[events.eventId.at(row)] === 1) {
      published += 1;
      continue;
    }
    if (events.recordedAt.at(row) < wholeSince.ticketEvents) continue;
    const key = events.key.at(row);
    if (events.relayed.at(row) === 1) findings.missing(key);
    else if (findings.judges(key)) findings.pending += 1;
  }
  return published;
}

/** A dead letter leaves through the outbox, a moment after its ledger row. */
function checkDeadLetters({ ledger, keys, ticketingDeadLetters, wholeSince }: Books, findings: Findings): void {
  const isSent = marked(ticketingDeadLetters, keys.size);
  for (let row = 0; row < ledger.key.length; row += 1) {
    const key = ledger.key.at(row);
    if (OUTCOMES[ledger.outcome.at(row)] !== 'dead-lettered' || isSent[key] === 1) continue;
    if (ledger.receivedAt.at(row) >= wholeSince.ticketingDeadLetters && findings.judges(key)) findings.pending += 1;
  }
}

/** 1 for each number that the column holds. */
function marked(column: Column, size: number): Uint8Array {
  const marks = new Uint8Array(size);
  for (let row = 0; row < column.length; row += 1) marks[column.at(row)] = 1;
  return marks;
}
