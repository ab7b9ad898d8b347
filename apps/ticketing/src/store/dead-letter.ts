import { HEADERS, TOPICS } from '@onceline/contracts';
import { readableText } from '../intake/readable-text.js';
import type { PermanentFailure } from '../intake/to-command.js';
import type { TracedUpdate } from './traced-update.js';

/** A row of the outbox: a record that leaves with the verdict that caused it. */
export interface OutboxRecord {
  readonly topic: string;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

const MAX_MESSAGE_LENGTH = 1024;

/** The original record with failure headers. Ours replace what was there; nothing is appended, so it never grows. */
export function toDeadLetter(update: TracedUpdate, failure: PermanentFailure, failedAt: string): OutboxRecord {
  const { record } = update;
  const original = Object.entries(record.headers).map(([name, value]) => [readableText(name), readableText(value)]);
  return {
    topic: TOPICS.ticketingDeadLetter,
    key: record.key === null ? null : readableText(record.key),
    value: record.value,
    headers: {
      ...(Object.fromEntries(original) as Record<string, string>),
      [HEADERS.idempotencyKey]: update.idempotencyKey,
      ...(update.traceparent === null ? {} : { [HEADERS.traceparent]: update.traceparent }),
      [HEADERS.consumer]: 'ticketing',
      [HEADERS.attempt]: '1',
      [HEADERS.firstFailedAt]: failedAt,
      [HEADERS.failureKind]: 'permanent',
      [HEADERS.failureCode]: failure.code,
      [HEADERS.failureMessage]: readableText(failure.message).slice(0, MAX_MESSAGE_LENGTH),
      [HEADERS.originTopic]: record.topic,
      [HEADERS.originPartition]: String(record.partition),
      [HEADERS.originOffset]: String(record.offset),
      [HEADERS.originTimestamp]: String(record.timestamp),
    },
  };
}
