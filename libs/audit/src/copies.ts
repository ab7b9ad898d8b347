import type { Books } from './books.js';
import type { PartitionRows } from './columns.js';
import type { Findings } from './findings.js';

/** One side of the first equation: raw = unique + duplicates + collisions + malformed (+ pending). */
export interface CopySums {
  readonly raw: number;
  readonly unique: number;
  readonly duplicates: number;
  readonly collisions: number;
  readonly malformed: number;
  /** Unique updates whose raw record has been deleted by retention: proved once, no longer provable. */
  readonly beyondRetention: number;
}

/** Records of one conversation may be some seconds out of order around the oldest raw record that is left. */
const HORIZON_MARGIN_MS = 60_000;

const NONE = -1;

/** Per key: how many copies lie in raw, how many of them nobody booked, and how often the key went on to unique. */
class KeyTally {
  readonly copies: Uint32Array;
  readonly open: Uint32Array;
  readonly openBehind: Uint32Array;
  readonly unique: Uint32Array;
  /** Checksum of the copy that is the first one, else {@link NONE}. */
  readonly openHash: Float64Array;
  readonly uniqueHash: Float64Array;
  /** 1 when the first copy has left raw by retention. */
  readonly firstExpired: Uint8Array;

  constructor(keys: number) {
    this.copies = new Uint32Array(keys);
    this.open = new Uint32Array(keys);
    this.openBehind = new Uint32Array(keys);
    this.unique = new Uint32Array(keys);
    this.openHash = new Float64Array(keys).fill(NONE);
    this.uniqueHash = new Float64Array(keys).fill(NONE);
    this.firstExpired = new Uint8Array(keys);
  }
}

const increase = (counts: Uint8Array | Uint32Array, index: number) => {
  counts[index] = (counts[index] ?? 0) + 1;
};

/**
 * Judges dedupe: every copy in raw is booked exactly once, as the first one (its key is in unique), as a duplicate, or
 * as a dead letter. Copies beyond dedupe's committed offset may still be pending.
 */
export function settleCopies(books: Books, findings: Findings): CopySums {
  const tally = new KeyTally(books.keys.size);
  noteKeys(books, findings);
  countUnique(books, tally);
  const booked = books.raw.partitions().map((rows) => new Uint8Array(rows.length));
  const duplicates = bookDuplicates(books, findings, tally, booked);
  const deadLetters = bookDeadLetters(books, findings, tally, booked);
  const raw = countCopies(books, findings, tally, booked);
  const beyondRetention = judgeKeys(books, findings, tally);
  checkSeen(books, findings, tally);
  checkUnread(books, findings);
  return {
    raw,
    unique: countInRange(books.unique.partitions(), findings),
    duplicates,
    ...deadLetters,
    beyondRetention,
  };
}

function noteKeys(books: Books, findings: Findings): void {
  for (const rows of [...books.raw.partitions(), ...books.unique.partitions()]) {
    for (let row = 0; row < rows.length; row += 1) findings.noteKey(rows.key.at(row), rows.receivedAt.at(row));
  }
  const ledger = books.ledger;
  for (let row = 0; row < ledger.key.length; row += 1) findings.noteKey(ledger.key.at(row), ledger.receivedAt.at(row));
}

function countUnique(books: Books, tally: KeyTally): void {
  for (const rows of books.unique.partitions()) {
    for (let row = 0; row < rows.length; row += 1) {
      increase(tally.unique, rows.key.at(row));
      tally.uniqueHash[rows.key.at(row)] = rows.payloadHash.at(row);
    }
  }
}

function bookDuplicates(books: Books, findings: Findings, tally: KeyTally, booked: Uint8Array[]): number {
  const entries = books.duplicates;
  let count = 0;
  for (let entry = 0; entry < entries.key.length; entry += 1) {
    const key = entries.key.at(entry);
    const partition = entries.copyPartition.at(entry);
    const low = books.bounds.rawLow[partition] ?? 0;
    if (entries.firstOffset.at(entry) < low) tally.firstExpired[key] = 1;
    if (entries.copyOffset.at(entry) < low) continue;
    const rows = books.raw.partition(partition);
    const row = rows.find(entries.copyOffset.at(entry));
    const isThere = row >= 0 && rows.key.at(row) === key;
    if (isThere && isRepeated(booked[partition], row, AS_DUPLICATE)) continue;
    if (findings.covers(row < 0 ? entries.copyReceivedAt.at(entry) : rows.receivedAt.at(row))) count += 1;
    if (!isThere) {
      findings.contradiction('duplicate-without-raw', key);
      continue;
    }
    book(booked[partition], row, AS_DUPLICATE, () => findings.doubled(key));
    const firstHash = tally.uniqueHash[key] ?? NONE;
    if (firstHash !== NONE && firstHash !== rows.payloadHash.at(row)) {
      findings.contradiction('duplicate-with-other-payload', key);
    }
  }
  return count;
}

function bookDeadLetters(
  books: Books,
  findings: Findings,
  tally: KeyTally,
  booked: Uint8Array[],
): { collisions: number; malformed: number } {
  const entries = books.dedupeDeadLetters;
  const counts = { collisions: 0, malformed: 0 };
  for (let entry = 0; entry < entries.offset.length; entry += 1) {
    const partition = entries.partition.at(entry);
    const offset = entries.offset.at(entry);
    const collision = entries.collision.at(entry) === 1;
    if (offset < (books.bounds.rawLow[partition] ?? 0)) continue;
    const rows = books.raw.partition(partition);
    const row = rows.find(offset);
    if (isRepeated(booked[partition], row, AS_DEAD_LETTER)) continue;
    if (findings.covers(row < 0 ? entries.receivedAt.at(entry) : rows.receivedAt.at(row))) {
      counts[collision ? 'collisions' : 'malformed'] += 1;
    }
    if (row < 0) {
      findings.contradiction('dead-letter-without-raw', `raw ${partition}@${offset}`);
      continue;
    }
    const key = rows.key.at(row);
    book(booked[partition], row, AS_DEAD_LETTER, () => findings.doubled(key));
    if (collision && tally.uniqueHash[key] === rows.payloadHash.at(row)) {
      findings.contradiction('collision-with-same-payload', key);
    }
    if (!collision && !books.unreadable.has(key)) findings.contradiction('readable-update-dead-lettered', key);
  }
  return counts;
}

const AS_DUPLICATE = 1;
const AS_DEAD_LETTER = 2;

/** The same copy booked again in the same way: an offset was set back, and dedupe judged the copy as before. One copy, one entry. */
function isRepeated(booked: Uint8Array | undefined, row: number, as: number): boolean {
  return booked?.[row] === as;
}

function book(booked: Uint8Array | undefined, row: number, as: number, twice: () => void): void {
  if (!booked) return;
  if (booked[row] !== 0) twice();
  booked[row] = as;
}

function countCopies(books: Books, findings: Findings, tally: KeyTally, booked: Uint8Array[]): number {
  let count = 0;
  books.raw.partitions().forEach((rows, partition) => {
    const committed = books.bounds.dedupeCommitted[partition] ?? 0;
    for (let row = 0; row < rows.length; row += 1) {
      const key = rows.key.at(row);
      if (findings.covers(rows.receivedAt.at(row))) count += 1;
      increase(tally.copies, key);
      if ((booked[partition]?.[row] ?? 0) > 0) continue;
      increase(tally.open, key);
      if (rows.offset.at(row) < committed) increase(tally.openBehind, key);
      tally.openHash[key] = rows.payloadHash.at(row);
    }
  });
  return count;
}

/** @returns the updates in range whose first copy retention has deleted */
function judgeKeys(books: Books, findings: Findings, tally: KeyTally): number {
  const horizons = rawHorizons(books);
  let beyondRetention = 0;
  for (let key = 0; key < books.keys.size; key += 1) judgeCopies(books, findings, tally, key);
  books.unique.partitions().forEach((rows, partition) => {
    for (let row = 0; row < rows.length; row += 1) {
      const key = rows.key.at(row);
      if ((tally.open[key] ?? 0) > 0) continue;
      const expired = tally.firstExpired[key] === 1 || rows.receivedAt.at(row) < (horizons[partition] ?? -Infinity);
      if (!expired && tally.copies[key] === 0) findings.contradiction('unique-without-raw', key);
      if (!expired && (tally.copies[key] ?? 0) > 0) findings.doubled(key);
      if (expired && findings.covers(rows.receivedAt.at(row))) beyondRetention += 1;
    }
  });
  return beyondRetention;
}

function judgeCopies(books: Books, findings: Findings, tally: KeyTally, key: number): void {
  const open = tally.open[key] ?? 0;
  const openBehind = tally.openBehind[key] ?? 0;
  const unique = tally.unique[key] ?? 0;
  if (unique > 1) findings.doubled(key);
  if (openBehind > unique) findings.missing(key);
  const waiting = open - Math.max(openBehind, unique);
  if (waiting > 0 && findings.judges(key)) findings.pending += waiting;
  // Every copy refused as a repetition of something that never went on.
  const refusedOnly = open === 0 && unique === 0 && (tally.copies[key] ?? 0) > 0;
  if (refusedOnly && !books.unreadable.has(key)) findings.missing(key);
  if (unique === 1 && open === 1 && tally.openHash[key] !== tally.uniqueHash[key]) {
    findings.contradiction('payload-changed', key);
  }
}

/** Before this time an update may have left raw by retention; nothing may where raw still begins at 0. */
function rawHorizons(books: Books): number[] {
  // By the bounds: a partition that retention has emptied has no rows to be found by.
  return books.bounds.rawLow.map((low, partition) => {
    if (low === 0) return -Infinity;
    const rows = books.raw.partition(partition);
    return rows.length === 0 ? Infinity : rows.receivedAt.at(0) + HORIZON_MARGIN_MS;
  });
}

/** What a log has deleted beyond its reader's committed offset was acknowledged, and nobody read it. An offset may expire, too. */
function checkUnread(books: Books, findings: Findings): void {
  const { rawLow, dedupeCommitted, uniqueLow, ticketingCommitted } = books.bounds;
  for (const [topic, lows, committed] of [
    ['raw', rawLow, dedupeCommitted],
    ['unique', uniqueLow, ticketingCommitted],
  ] as const) {
    lows.forEach((low, partition) => {
      if (low > (committed[partition] ?? low)) findings.contradiction('deleted-unread', `${topic} ${partition}@${low}`);
    });
  }
}

function checkSeen(books: Books, findings: Findings, tally: KeyTally): void {
  const remembered = new Uint8Array(books.keys.size);
  for (let row = 0; row < books.seen.length; row += 1) {
    const key = books.seen.at(row);
    remembered[key] = 1;
    if (tally.unique[key] === 0) findings.contradiction('seen-without-unique', key);
  }
  books.unique.partitions().forEach((rows, partition) => {
    // Where retention has deleted from seen, a missing key proves nothing.
    if (books.bounds.seenLow[partition] !== 0) return;
    const end = books.bounds.uniqueHigh[partition] ?? 0;
    for (let row = 0; row < rows.length && rows.offset.at(row) < end; row += 1) {
      if (remembered[rows.key.at(row)] === 0) findings.contradiction('unique-without-seen', rows.key.at(row));
    }
  });
}

function countInRange(partitions: readonly PartitionRows[], findings: Findings): number {
  let count = 0;
  for (const rows of partitions) {
    for (let row = 0; row < rows.length; row += 1) if (findings.covers(rows.receivedAt.at(row))) count += 1;
  }
  return count;
}
