import { OUTCOMES, type Outcome } from '@onceline/contracts';
import type { Books } from './books.js';
import type { Findings } from './findings.js';
import { TopicRows } from './columns.js';

/** The other side of the second equation: unique = sum of the outcomes (+ pending). */
export interface OutcomeSums {
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Refused copies that the database knows too. */
  readonly recordedDuplicates: number;
}

/**
 * Judges ticketing: every update in unique has exactly one ledger row, every refused copy is recorded. What lies beyond
 * the committed offset may still be pending.
 */
export function settleOutcomes(books: Books, findings: Findings): OutcomeSums {
  const rowOf = ledgerRows(books, (key) => findings.doubled(key));
  const inUnique = judgeUnique(books, findings, rowOf);
  const outcomes = countOutcomes(books, findings, inUnique);
  checkPositions(books, findings, inUnique);
  return { outcomes, recordedDuplicates: checkRecordedDuplicates(books, findings) };
}

/** Those that say there is an event in a ticket. */
export const TICKET_OUTCOMES = [
  'ticket-opened',
  'message-appended',
  'message-edited',
  'staff-replied',
  'event-recorded',
] as const;

/** Of a key without a ledger row. */
export const NO_ROW = -1;

/** Ledger row of each key, {@link NO_ROW} without one. */
export function ledgerRows(books: Books, twice: (key: number) => void): Int32Array {
  const rowOf = new Int32Array(books.keys.size).fill(NO_ROW);
  const keys = books.ledger.key;
  for (let row = 0; row < keys.length; row += 1) {
    const key = keys.at(row);
    if (rowOf[key] !== NO_ROW) twice(key);
    rowOf[key] = row;
  }
  return rowOf;
}

function judgeUnique(books: Books, findings: Findings, rowOf: Int32Array): Uint8Array {
  const inUnique = new Uint8Array(books.keys.size);
  books.unique.partitions().forEach((rows, partition) => {
    const committed = books.bounds.ticketingCommitted[partition] ?? 0;
    for (let row = 0; row < rows.length; row += 1) {
      const key = rows.key.at(row);
      inUnique[key] = 1;
      if (rowOf[key] !== NO_ROW) continue;
      if (rows.offset.at(row) < committed) findings.missing(key);
      else if (findings.covers(rows.receivedAt.at(row))) findings.pending += 1;
    }
  });
  return inUnique;
}

function countOutcomes(books: Books, findings: Findings, inUnique: Uint8Array): Record<Outcome, number> {
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  const ledger = books.ledger;
  for (let row = 0; row < ledger.key.length; row += 1) {
    const key = ledger.key.at(row);
    const outcome = OUTCOMES[ledger.outcome.at(row)];
    if (outcome === undefined) findings.contradiction('unknown-outcome', key);
    if (inUnique[key] === 0 && ledger.offset.at(row) >= (books.bounds.uniqueLow[ledger.partition.at(row)] ?? 0)) {
      findings.contradiction('ledger-row-without-update', key);
    }
    if (outcome !== undefined && findings.covers(ledger.receivedAt.at(row))) counts[outcome] += 1;
  }
  return counts;
}

/** The place that the ledger names must hold the update, as long as retention has left it there. */
function checkPositions(books: Books, findings: Findings, inUnique: Uint8Array): void {
  const ledger = books.ledger;
  for (let row = 0; row < ledger.key.length; row += 1) {
    const key = ledger.key.at(row);
    const partition = ledger.partition.at(row);
    const offset = ledger.offset.at(row);
    if (inUnique[key] === 0 || offset < (books.bounds.uniqueLow[partition] ?? 0)) continue;
    const there = TopicRows.has(partition) ? books.unique.partition(partition) : undefined;
    const found = there?.find(offset) ?? NO_ROW;
    if (found === NO_ROW || there?.key.at(found) !== key) findings.contradiction('ledger-position-differs', key);
  }
}

function checkRecordedDuplicates(books: Books, findings: Findings): number {
  const recorded = books.recordedDuplicates;
  const found = recorded.partitions().map((rows) => new Uint8Array(rows.length));
  const entries = books.duplicates;
  let count = 0;
  for (let entry = 0; entry < entries.key.length; entry += 1) {
    const partition = entries.copyPartition.at(entry);
    const row = recorded.partition(partition).find(entries.copyOffset.at(entry));
    if (row >= 0 && recorded.partition(partition).key.at(row) === entries.key.at(entry)) {
      const marks = found[partition];
      // Each copy once, however often dedupe has booked it.
      if (marks?.[row] === 1) continue;
      if (marks) marks[row] = 1;
      if (findings.covers(entries.copyReceivedAt.at(entry))) count += 1;
      continue;
    }
    const committed = books.bounds.ticketingDuplicatesCommitted[entries.partition.at(entry)] ?? 0;
    if (entries.offset.at(entry) < committed) findings.missing(entries.key.at(entry));
    else if (findings.covers(entries.copyReceivedAt.at(entry))) findings.pending += 1;
  }
  reportUnfounded(books, findings, found);
  return count;
}

/** The duplicates topic keeps records longer than raw, so a copy that raw still has must be in it. */
function reportUnfounded(books: Books, findings: Findings, found: Uint8Array[]): void {
  books.recordedDuplicates.partitions().forEach((rows, partition) => {
    const low = books.bounds.rawLow[partition] ?? 0;
    for (let row = 0; row < rows.length; row += 1) {
      if (found[partition]?.[row] !== 1 && rows.offset.at(row) >= low) {
        findings.contradiction('recorded-duplicate-without-copy', rows.key.at(row));
      }
    }
  });
}
