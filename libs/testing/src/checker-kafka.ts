import { crc32 } from 'node:zlib';
import { HEADERS, TOPICS, duplicateRecordSchema, idempotencyKey, isMalformed, parseUpdate } from '@onceline/contracts';
import type { ConsumedRecord, Kafka } from '@onceline/kafka';
import type { Books, Bounds, UpdateEntry } from './checker-books.js';

/** Consumer groups whose committed offsets say how far a stage claims to be. */
export interface StageGroups {
  readonly dedupe: string;
  readonly ticketing: string;
}

/** Asks how far each stage claims to be. Asked before anything is read: what lies behind these must be booked by then. */
export async function readBounds(kafka: Kafka, groups: StageGroups): Promise<Bounds> {
  const { admin } = kafka;
  const dedupeCommitted = await admin.committed(groups.dedupe, TOPICS.raw);
  const ticketingCommitted = await admin.committed(groups.ticketing, TOPICS.unique);
  const ticketingDuplicatesCommitted = await admin.committed(groups.ticketing, TOPICS.duplicates);
  const [raw, unique, seen] = await Promise.all([
    admin.offsets(TOPICS.raw),
    admin.offsets(TOPICS.unique),
    admin.offsets(TOPICS.seen),
  ]);
  return {
    dedupeCommitted,
    ticketingCommitted,
    ticketingDuplicatesCommitted,
    rawLow: raw.map(({ low }) => low),
    uniqueLow: unique.map(({ low }) => low),
    uniqueHigh: unique.map(({ high }) => high),
    seenLow: seen.map(({ low }) => low),
  };
}

/**
 * Reads the topics against the flow, last stage first: whatever a stage wrote is then found in its source, which is read
 * later, even while updates keep coming. Memory is one row of numbers a record and one text a key.
 */
export async function readTopics(kafka: Kafka, books: Books): Promise<void> {
  const each = (topic: string, onRecord: (record: ConsumedRecord) => void) =>
    kafka.read(topic, ({ records }) => records.forEach(onRecord));
  books.wholeSince = {
    ticketEvents: await readKept(kafka, TOPICS.ticketEvents, ({ headers }) =>
      books.addPublishedEvent(headers[HEADERS.eventId] ?? 'no event-id'),
    ),
    ticketingDeadLetters: await readKept(kafka, TOPICS.ticketingDeadLetter, (record) =>
      books.addTicketingDeadLetter(keyOf(record) ?? 'unreadable'),
    ),
  };
  await each(TOPICS.duplicates, (record) => addDuplicate(books, record));
  await each(TOPICS.dedupeDeadLetter, (record) => addDeadLetter(books, record));
  await each(TOPICS.seen, (record) => {
    // A tombstone takes a key back on an operator's word.
    if (record.value !== null) books.addSeen(record.key ?? 'no key');
  });
  await each(TOPICS.unique, (record) => books.addUnique(toEntry(record)));
  await each(TOPICS.raw, (record) => books.addRaw(toEntry(record)));
}

/** Clocks of those who record and those who publish may differ by some seconds. */
const CLOCK_MARGIN_MS = 60_000;

/** Reads a topic. Answers the time from which on it is whole: what was recorded earlier may be gone by retention. */
async function readKept(kafka: Kafka, topic: string, onRecord: (record: ConsumedRecord) => void): Promise<number> {
  const oldest = new Map<number, number>();
  await kafka.read(topic, ({ partition, records }) => {
    const [first] = records;
    if (first && !oldest.has(partition)) oldest.set(partition, first.timestamp);
    records.forEach(onRecord);
  });
  const wholeSince = (await kafka.admin.offsets(topic)).map(({ low }, partition) =>
    low === 0 ? -Infinity : (oldest.get(partition) ?? Infinity) + CLOCK_MARGIN_MS,
  );
  return Math.max(...wholeSince);
}

function toEntry(record: ConsumedRecord): UpdateEntry {
  const { partition, offset } = record;
  return {
    partition,
    offset,
    key: keyOf(record),
    receivedAt: receivedAt(record),
    payloadHash: record.value === null ? 0 : crc32(record.value),
  };
}

/** The key by the bytes and the bot alone: what a service wrote into a header is not believed. */
function keyOf(record: ConsumedRecord): string | null {
  const botId = record.headers[HEADERS.botId];
  if (record.value === null || botId === undefined) return null;
  const update = parseUpdate(record.value);
  return isMalformed(update) ? null : idempotencyKey(botId, update);
}

function receivedAt(record: ConsumedRecord): number {
  const time = Date.parse(record.headers[HEADERS.receivedAt] ?? '');
  return Number.isNaN(time) ? record.timestamp : time;
}

function addDuplicate(books: Books, record: ConsumedRecord): void {
  const { partition, offset } = record;
  const entry = duplicateRecordSchema.parse(JSON.parse(record.value?.toString('utf8') ?? 'null'));
  books.addDuplicate({
    partition,
    offset,
    key: entry.idempotencyKey,
    copy: { ...entry.copy, receivedAt: Date.parse(entry.copy.receivedAt) },
    firstOffset: entry.first.offset,
  });
}

function addDeadLetter(books: Books, record: ConsumedRecord): void {
  books.addDedupeDeadLetter({
    partition: Number(record.headers[HEADERS.originPartition]),
    offset: Number(record.headers[HEADERS.originOffset]),
    receivedAt: receivedAt(record),
    collision: record.headers[HEADERS.failureCode] === 'key-collision',
  });
}
