import { OUTCOMES } from '@onceline/contracts';
import type { Books } from './books.js';
import type { Findings } from './findings.js';
import { ledgerRows, NO_ROW } from './outcomes.js';
import type { Delivery, HeadEntry } from './waiting-books.js';

/** What waits for a later try. */
export interface WaitingSums {
  readonly waiting: {
    /** Parked updates that a record brings back. */
    readonly heads: number;
    /** Parked updates behind them. */
    readonly followers: number;
  };
}

/**
 * Judges what waits: each parked update waits in exactly one place, as the head of its conversation or behind one; each head has a
 * record that brings it back, and comes back in time; and nothing is under way that nobody waits for.
 */
export function checkWaiting(books: Books, findings: Findings): WaitingSums {
  const places = placesOf(books, findings);
  checkFollowers(books, findings);
  checkWaysForward(books, findings);
  checkOverdue(books, findings);
  checkUnderWay(books, findings);
  checkPayloads(books, findings);
  return { waiting: checkParked(books, findings, places) };
}

interface Places {
  readonly heads: ReadonlySet<number>;
  readonly followers: ReadonlySet<number>;
}

function placesOf({ keys, waiting }: Books, findings: Findings): Places {
  const places = { heads: new Set<number>(), followers: new Set<number>() };
  const put = (place: Set<number>, key: number) => {
    if (places.heads.has(key) || places.followers.has(key)) findings.contradiction('parked-twice', key);
    place.add(key);
  };
  for (const { key } of waiting.heads) put(places.heads, keys.idOf(key));
  for (const { key } of waiting.followers) put(places.followers, keys.idOf(key));
  return places;
}

/** The ledger against the places, both ways. */
function checkParked(books: Books, findings: Findings, { heads, followers }: Places): WaitingSums['waiting'] {
  const { ledger } = books;
  const parked = new Set<number>();
  const sums = { heads: 0, followers: 0 };
  for (let row = 0; row < ledger.key.length; row += 1) {
    if (OUTCOMES[ledger.outcome.at(row)] !== 'parked') continue;
    const key = ledger.key.at(row);
    parked.add(key);
    if (!heads.has(key) && !followers.has(key)) findings.contradiction('parked-without-way-forward', key);
    else if (findings.covers(ledger.receivedAt.at(row))) sums[heads.has(key) ? 'heads' : 'followers'] += 1;
  }
  for (const key of [...heads, ...followers]) {
    if (!parked.has(key)) findings.contradiction('waits-without-being-parked', key);
  }
  return sums;
}

function checkFollowers({ keys, waiting }: Books, findings: Findings): void {
  const found = new Map<string, number>(waiting.heads.map(({ conversation }) => [conversation, 0]));
  for (const { conversation, key } of waiting.followers) {
    const count = found.get(conversation);
    if (count === undefined) findings.contradiction('follower-without-head', keys.idOf(key));
    else found.set(conversation, count + 1);
  }
  for (const { conversation, followers } of waiting.heads) {
    if (found.get(conversation) !== followers) findings.contradiction('followers-miscounted', conversation);
  }
}

/**
 * Whether a record brings a head on: it carries the head's own number of tries. A number that nobody can have written counts as the
 * right one, because the record may be the only one there is; a lower one is a copy from before.
 */
function bringsOn(record: Delivery, head: HeadEntry): boolean {
  return record.key === head.key && record.redriveId === head.redriveId && !(record.attempt < head.attempt);
}

/** More than any backlog that is being worked off. */
const LONG_OVERDUE_MS = 3_600_000;

/** A record is no way forward in a topic that nobody reads, nor in an outbox that nobody empties. */
function checkOverdue({ keys, waiting }: Books, findings: Findings): void {
  for (const { key, overdueMs } of waiting.heads) {
    if (overdueMs > LONG_OVERDUE_MS) findings.contradiction('retry-overdue', keys.idOf(key));
  }
}

function checkWaysForward({ keys, waiting }: Books, findings: Findings): void {
  const headOf = new Map<string, HeadEntry>(waiting.heads.map((head) => [head.key, head]));
  const lost = new Set(waiting.heads);
  for (const record of [...waiting.outbox, ...waiting.underWay]) {
    const head = headOf.get(record.key);
    if (head !== undefined && bringsOn(record, head)) lost.delete(head);
  }
  for (const { key } of lost) findings.contradiction('parked-without-way-forward', keys.idOf(key));
}

/**
 * A record that comes back for an earlier try, or by an earlier redrive, is a copy that changes nothing. One ahead of all that the
 * tables know was made by nobody.
 */
function checkUnderWay(books: Books, findings: Findings): void {
  const { keys, ledger, waiting } = books;
  const parked = new Set(waiting.heads.map(({ key }) => key));
  const rowOf = ledgerRows(books, () => undefined);
  for (const record of waiting.underWay) {
    if (!record.settled || parked.has(record.key)) continue;
    const row = rowOf[keys.idOf(record.key)] ?? NO_ROW;
    const redrive = row === NO_ROW ? -1 : ledger.redrive.at(row);
    const redriveId = redrive < 0 ? null : waiting.redrives.textOf(redrive);
    const isAhead = row === NO_ROW || (record.redriveId === redriveId && record.attempt > ledger.attempts.at(row));
    const subject = `${record.key} attempt ${record.attempt} at ${record.at}`;
    if (isAhead) findings.contradiction('retry-without-parked', subject);
  }
}

/** What waits is what unique has, bit by bit; only a redrive may bring a corrected payload. */
function checkPayloads({ keys, unique, waiting }: Books, findings: Findings): void {
  const copies = [...waiting.followers, ...waiting.underWay].filter(({ redriveId }) => redriveId === null);
  if (copies.length === 0) return;
  const wanted = new Map<number, number>();
  for (const rows of unique.partitions()) {
    for (let row = 0; row < rows.length; row += 1) wanted.set(rows.key.at(row), rows.payloadHash.at(row));
  }
  for (const { key, payloadHash } of copies) {
    const expected = wanted.get(keys.idOf(key)) ?? payloadHash;
    if (expected !== payloadHash) findings.contradiction('waiting-payload-differs', keys.idOf(key));
  }
}
