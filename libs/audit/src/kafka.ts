import { crc32 } from 'node:zlib';
import { HEADERS, TOPICS, decodeSeenRecord, duplicateRecordSchema } from '@onceline/contracts';
import type { ConsumedRecord, Kafka } from '@onceline/kafka';
import type { Books, Bounds, DuplicateEntry, UpdateEntry } from './books.js';
import { TopicRows } from './columns.js';
import { keyOf, nameOf } from './keys.js';

/** Consumer groups whose committed offsets say how far a stage claims to be. */
export interface StageGroups {
  readonly dedupe: string;
  readonly ticketing: string;
  /** Of the service that holds retries until they are due. */
  readonly retry: string;
}

/** Asks how far each stage claims to be. Asked before anything is read: what lies behind these must be booked by then. */
export async function readBounds(kafka: Kafka, groups: StageGroups): Promise<Bounds> {
  const { admin } = kafka;
  const dedupeCommitted = await admin.committed(groups.dedupe, TOPICS.raw);
  const ticketingCommitted = await admin.committed(groups.ticketing, TOPICS.unique);
  const ticketingDuplicatesCommitted = await admin.committed(groups.ticketing, TOPICS.duplicates);
  const [events, deadLetters, raw, unique, seen] = await Promise.all([
    admin.offsets(TOPICS.ticketEvents),
    admin.offsets(TOPICS.ticketingDeadLetter),
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
    ticketEventsHigh: events.map(({ high }) => high),
    ticketingDeadLetterHigh: deadLetters.map(({ high }) => high),
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
    ticketEvents: await readKept(kafka, TOPICS.ticketEvents, ({ headers, ...record }) =>
      books.addPublishedEvent({
        ...record,
        eventId: headers[HEADERS.eventId] ?? 'no event-id',
        payloadHash: crcOf(record),
      }),
    ),
    ticketingDeadLetters: await readKept(kafka, TOPICS.ticketingDeadLetter, (record) => {
      const settled = record.offset < (books.bounds.ticketingDeadLetterHigh[record.partition] ?? 0);
      books.addTicketingDeadLetter({ ...nameOf(record), settled });
    }),
  };
  await each(TOPICS.duplicates, (record) => addDuplicate(books, record));
  await each(TOPICS.dedupeDeadLetter, (record) => addDeadLetter(books, record));
  await each(TOPICS.seen, (record) => {
    // A tombstone takes a key back on an operator's word.
    if (record.value !== null && isSeenRecord(record.value)) books.addSeen(record.key ?? 'no key');
  });
  await each(TOPICS.unique, (record) => books.addUnique(toEntry(record)));
  await each(TOPICS.raw, (record) => books.addRaw(toEntry(record)));
}

/** Clocks of those who record and those who publish may differ by some seconds. */
const CLOCK_MARGIN_MS = 60_000;

/** Reads a topic. Answers the time from which on each partition is whole: what was recorded earlier may be gone by retention. */
async function readKept(
  kafka: Kafka,
  topic: string,
  onRecord: (record: ConsumedRecord) => void,
): Promise<readonly number[]> {
  const oldest = new Map<number, number>();
  await kafka.read(topic, ({ partition, records }) => {
    const [first] = records;
    if (first && !oldest.has(partition)) oldest.set(partition, first.timestamp);
    records.forEach(onRecord);
  });
  return (await kafka.admin.offsets(topic)).map(({ low }, partition) =>
    low === 0 ? -Infinity : (oldest.get(partition) ?? Infinity) + CLOCK_MARGIN_MS,
  );
}

function toEntry(record: ConsumedRecord): UpdateEntry {
  const { partition, offset } = record;
  return {
    partition,
    offset,
    key: keyOf(record),
    receivedAt: receivedAt(record),
    payloadHash: crcOf(record),
  };
}

/** Checksum of a record's bytes, 0 without any. */
export const crcOf = ({ value }: Pick<ConsumedRecord, 'value'>): number => (value === null ? 0 : crc32(value));

function receivedAt(record: ConsumedRecord): number {
  const time = Date.parse(record.headers[HEADERS.receivedAt] ?? '');
  return Number.isNaN(time) ? record.timestamp : time;
}

/** Garbage books nothing: dedupe does not remember it either. */
function isSeenRecord(value: Buffer): boolean {
  try {
    decodeSeenRecord(value);
    return true;
  } catch {
    return false;
  }
}

/** What nobody can read is named, and what it should have booked comes out as missing. */
function addDuplicate(books: Books, record: ConsumedRecord): void {
  const { topic, partition, offset } = record;
  const entry = duplicateOf(record);
  if (entry === undefined) books.faults.push({ rule: 'unreadable-record', subject: `${topic} ${partition}@${offset}` });
  else books.addDuplicate(entry);
}

function duplicateOf({ partition, offset, value }: ConsumedRecord): DuplicateEntry | undefined {
  const parsed = duplicateRecordSchema.safeParse(jsonOf(value));
  if (!parsed.success) return undefined;
  const { idempotencyKey: key, copy, first } = parsed.data;
  const receivedAt = Date.parse(copy.receivedAt);
  if (Number.isNaN(receivedAt)) return undefined;
  return { partition, offset, key, copy: { ...copy, receivedAt }, firstOffset: first.offset };
}

function addDeadLetter(books: Books, record: ConsumedRecord): void {
  const { headers, topic } = record;
  const partition = Number(headers[HEADERS.originPartition] ?? Number.NaN);
  const offset = Number(headers[HEADERS.originOffset] ?? Number.NaN);
  const code = headers[HEADERS.failureCode];
  if (!TopicRows.has(partition) || !Number.isSafeInteger(offset)) {
    books.faults.push({ rule: 'unreadable-record', subject: `${topic} ${record.partition}@${record.offset}` });
  } else if (code === 'deleted-unread') {
    const subject = `raw ${partition}@${offset}: ${headers[HEADERS.failureMessage] ?? ''}`;
    books.faults.push({ rule: 'deleted-unread', subject, at: record.timestamp });
  } else {
    books.addDedupeDeadLetter({
      partition,
      offset,
      receivedAt: receivedAt(record),
      collision: code === 'key-collision',
    });
  }
}

function jsonOf(value: Buffer | null): unknown {
  try {
    return JSON.parse(value?.toString('utf8') ?? '');
  } catch {
    return undefined;
  }
}
