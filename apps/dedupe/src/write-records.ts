import { HEADERS, TOPICS, encodeSeenRecord, type DuplicateRecord, type SeenRecord } from '@onceline/contracts';
import type { ConsumedRecord, OffsetGap, OutgoingRecord, RecordHeaders } from '@onceline/kafka';
import type { ReadableCopy, UnreadableRecord } from './read-copy.js';

/** @param headers those of the record, with the trace context that goes on */
export function uniqueRecord({ record, key, kind }: ReadableCopy, headers: RecordHeaders): OutgoingRecord {
  return {
    key: record.key,
    value: record.value,
    headers: {
      ...headers,
      [HEADERS.idempotencyKey]: key,
      [HEADERS.updateKind]: kind,
      [HEADERS.rawOffset]: String(record.offset),
    },
  };
}

export function seenRecord(key: string, first: SeenRecord): OutgoingRecord {
  // The topic's retention counts from here: a restart must find every key that is not expired.
  return { key, value: encodeSeenRecord(first), timestamp: first.firstSeenAt };
}

export function duplicateRecord({ record, key, botId }: ReadableCopy, first: SeenRecord): OutgoingRecord {
  const value: DuplicateRecord = {
    schemaVersion: 1,
    idempotencyKey: key,
    copy: { partition: record.partition, offset: record.offset, receivedAt: receivedAt(record) },
    first: { offset: first.firstOffset, seenAt: new Date(first.firstSeenAt).toISOString() },
  };
  return {
    key: record.key,
    value: Buffer.from(JSON.stringify(value)),
    headers: { [HEADERS.botId]: botId, [HEADERS.idempotencyKey]: key },
  };
}

/** @param headers those of the record, with the trace context that goes on */
export function collisionRecord(
  copy: ReadableCopy,
  first: SeenRecord,
  headers: RecordHeaders,
  now: number,
): OutgoingRecord {
  return deadLetter(copy.record, now, {
    ...headers,
    [HEADERS.idempotencyKey]: copy.key,
    [HEADERS.updateKind]: copy.kind,
    [HEADERS.failureCode]: 'key-collision',
    [HEADERS.failureMessage]: `the key belongs to other bytes at raw offset ${first.firstOffset}`,
  });
}

/** @param headers those of the record, with the trace context that goes on */
export function unreadableRecord(
  { record, unreadable }: UnreadableRecord,
  headers: RecordHeaders,
  now: number,
): OutgoingRecord {
  return deadLetter(record, now, {
    ...headers,
    [HEADERS.failureCode]: 'malformed-update',
    [HEADERS.failureMessage]: unreadable,
  });
}

/** Says of a stretch of raw that nobody read it. There is no update left to carry, so the value says which records there were. */
export function lostRecords(partition: number, { from, to }: OffsetGap, now: number): OutgoingRecord {
  return {
    key: null,
    value: Buffer.from(JSON.stringify({ schemaVersion: 1, deletedUnread: { partition, from, to } })),
    headers: {
      [HEADERS.failureKind]: 'permanent',
      [HEADERS.failureCode]: 'deleted-unread',
      [HEADERS.failureMessage]: `retention deleted ${to - from} records of raw before they were read, up to offset ${to - 1}`,
      [HEADERS.consumer]: 'dedupe',
      [HEADERS.attempt]: '1',
      [HEADERS.firstFailedAt]: new Date(now).toISOString(),
      [HEADERS.originTopic]: TOPICS.raw,
      [HEADERS.originPartition]: String(partition),
      [HEADERS.originOffset]: String(from),
    },
  };
}

function deadLetter(record: ConsumedRecord, now: number, failure: RecordHeaders): OutgoingRecord {
  return {
    key: record.key,
    value: record.value,
    headers: {
      ...record.headers,
      ...failure,
      [HEADERS.failureKind]: 'permanent',
      [HEADERS.consumer]: 'dedupe',
      [HEADERS.attempt]: '1',
      [HEADERS.firstFailedAt]: new Date(now).toISOString(),
      [HEADERS.originTopic]: record.topic,
      [HEADERS.originPartition]: String(record.partition),
      [HEADERS.originOffset]: String(record.offset),
      [HEADERS.originTimestamp]: String(record.timestamp),
    },
  };
}

/** The ingress's own word; the record's time when it is missing or no time. */
function receivedAt({ headers, timestamp }: ConsumedRecord): string {
  const said = headers[HEADERS.receivedAt];
  return said === undefined || Number.isNaN(Date.parse(said)) ? new Date(timestamp).toISOString() : said;
}
