import {
  Books,
  type Bounds,
  type DedupeDeadLetterEntry,
  type DuplicateEntry,
  type EventEntry,
  type LedgerEntry,
  type PublishedEntry,
  type UpdateEntry,
} from './books.js';
import type { Delivery, FollowerEntry, HeadEntry, UnderWayEntry } from './waiting-books.js';

/** One copy that arrives at the ingress of the model below. */
export interface Arrival {
  readonly chat: number;
  readonly message: number;
  /** 0 = the original bytes; another number = other bytes under the same key. */
  readonly payload: number;
  readonly readable: boolean;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** What a faultless system would have left behind, as plain lists that a test can damage. */
export interface World {
  raw: Mutable<UpdateEntry>[];
  unique: Mutable<UpdateEntry>[];
  seen: string[];
  duplicates: Mutable<DuplicateEntry>[];
  deadLetters: Mutable<DedupeDeadLetterEntry>[];
  ledger: Mutable<LedgerEntry>[];
  recorded: { partition: number; offset: number; key: string }[];
  ticketingDeadLetters: { key: string; redriveId: string | null; settled?: boolean }[];
  events: Mutable<EventEntry>[];
  published: Mutable<PublishedEntry>[];
  wholeSince: Books['wholeSince'];
  tickets: string[];
  moved: string[];
  messages: { botId: string; chatId: string; messageId: number; ticketId: string }[];
  bounds: Mutable<Bounds>;
  heads: Mutable<HeadEntry>[];
  followers: Mutable<FollowerEntry>[];
  outbox: Mutable<Delivery>[];
  outboxDeadLetters: Mutable<Delivery>[];
  underWay: Mutable<UnderWayEntry>[];
  faults: Books['faults'];
}

const PARTITIONS = 3;
export const START = Date.UTC(2026, 0, 1);

export const perPartition = (value: number) => Array.from({ length: PARTITIONS }, () => value);

export const keyOf = (arrival: { chat: number; message: number }) =>
  `tg1:1:message:${arrival.chat}:${arrival.message}:${arrival.chat * 1000 + arrival.message}`;

/** Runs the whole pipeline in miniature: dedupe by key, then one ticket a chat. */
export function worldOf(arrivals: readonly Arrival[]): World {
  const world: World = {
    raw: [],
    unique: [],
    seen: [],
    duplicates: [],
    deadLetters: [],
    ledger: [],
    recorded: [],
    ticketingDeadLetters: [],
    events: [],
    published: [],
    wholeSince: { ticketEvents: perPartition(-Infinity), ticketingDeadLetters: perPartition(-Infinity) },
    tickets: [],
    moved: [],
    messages: [],
    bounds: {
      dedupeCommitted: perPartition(1e6),
      ticketingCommitted: perPartition(1e6),
      ticketingDuplicatesCommitted: perPartition(1e6),
      rawLow: perPartition(0),
      uniqueLow: perPartition(0),
      uniqueHigh: perPartition(1e6),
      seenLow: perPartition(0),
      ticketEventsHigh: perPartition(1e6),
      ticketingDeadLetterHigh: perPartition(1e6),
    },
    heads: [],
    followers: [],
    outbox: [],
    outboxDeadLetters: [],
    underWay: [],
    faults: [],
  };
  arrivals.forEach((arrival, index) => arrive(world, arrival, START + index * 1000));
  return world;
}

function arrive(world: World, arrival: Arrival, receivedAt: number): void {
  const partition = arrival.chat % PARTITIONS;
  const offset = world.raw.filter((record) => record.partition === partition).length;
  const key = arrival.readable ? keyOf(arrival) : null;
  const copy = { partition, offset, receivedAt };
  world.raw.push({ ...copy, key, payloadHash: arrival.payload });
  if (key === null) {
    world.deadLetters.push({ ...copy, collision: false });
    return;
  }
  const first = world.raw.find((record) => record.key === key);
  if (first === undefined || (first.partition === partition && first.offset === offset)) {
    passOn(world, { ...copy, key, payloadHash: arrival.payload }, arrival);
  } else if (first.payloadHash === arrival.payload) {
    const own = world.duplicates.filter((entry) => entry.partition === partition).length;
    world.duplicates.push({ partition, offset: own, key, copy, firstOffset: first.offset });
    world.recorded.push({ partition, offset, key });
  } else {
    world.deadLetters.push({ ...copy, collision: true });
  }
}

function passOn(world: World, record: UpdateEntry & { key: string }, arrival: Arrival): void {
  // Control records of transactions take every other offset in unique.
  const offset = world.unique.filter(({ partition }) => partition === record.partition).length * 2;
  world.unique.push({ ...record, offset });
  world.seen.push(record.key);
  const ticketId = `ticket-${arrival.chat}`;
  const opens = !world.tickets.includes(ticketId);
  if (opens) world.tickets.push(ticketId);
  const version = world.events.filter((event) => event.ticketId === ticketId).length + 1;
  const eventId = `${ticketId}.${version}`;
  const { key, receivedAt: recordedAt } = record;
  const payloadHash = 7000 + world.events.length;
  world.events.push({ ticketId, version, key, eventId, recordedAt, relayed: true, isMessage: true, payloadHash });
  world.published.push({ partition: record.partition, offset: world.published.length, eventId, payloadHash });
  world.messages.push({ botId: '1', chatId: String(arrival.chat), messageId: arrival.message, ticketId });
  world.ledger.push({
    key: record.key,
    outcome: opens ? 'ticket-opened' : 'message-appended',
    ticketId,
    partition: record.partition,
    offset,
    receivedAt: record.receivedAt,
    attempts: 1,
    redriveId: null,
  });
}

export function booksOf(world: World): Books {
  const books = new Books();
  books.bounds = world.bounds;
  books.wholeSince = world.wholeSince;
  world.ledger.forEach((row) => books.addLedgerRow(row));
  [...world.recorded]
    .sort((a, b) => a.partition - b.partition || a.offset - b.offset)
    .forEach((row) => books.addRecordedDuplicate(row));
  world.events.forEach((event) => books.addEvent(event));
  world.published.forEach((record) => books.addPublishedEvent(record));
  world.tickets.forEach((ticket) => books.addTicket(ticket));
  world.moved.forEach((ticket) => books.addMovedTicket(ticket));
  world.messages.forEach((message) => books.addTicketMessage(message));
  world.ticketingDeadLetters.forEach((letter) => books.addTicketingDeadLetter({ settled: true, ...letter }));
  books.waiting.heads.push(...world.heads);
  books.waiting.followers.push(...world.followers);
  books.waiting.outbox.push(...world.outbox);
  books.waiting.outboxDeadLetters.push(...world.outboxDeadLetters);
  books.waiting.underWay.push(...world.underWay);
  books.faults.push(...world.faults);
  world.duplicates.forEach((entry) => books.addDuplicate(entry));
  world.deadLetters.forEach((entry) => books.addDedupeDeadLetter(entry));
  world.seen.forEach((key) => books.addSeen(key));
  world.unique.forEach((record) => books.addUnique(record));
  world.raw.forEach((record) => books.addRaw(record));
  return books;
}
