import { createHash } from 'node:crypto';
import { HEADERS } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import { fingerprintOf } from '@onceline/retry-policy';
import { CLASSES, type DeadLetter, type DeadLetterClass, type DeadLetterSource } from './dead-letter.js';

const KINDS = ['permanent', 'transient', 'unavailable'];
const UNKNOWN = 'unknown';
const MOST_ATTEMPTS = 1000;
const DAY_MS = 86_400_000;

/** A record as the index takes it, and the headers in it that could not be believed. */
export interface ReadDeadLetter {
  readonly deadLetter: DeadLetter;
  readonly clamped: readonly string[];
}

/** Reads any record of a dead-letter topic: what a header cannot mean is left out or cut, never a reason to stop. */
export function readDeadLetter(record: ConsumedRecord, source: DeadLetterSource, now: number): ReadDeadLetter {
  const read = new HeaderReader(record.headers);
  const failure = {
    kind: read.oneOf(HEADERS.failureKind, KINDS) ?? UNKNOWN,
    code: read.text(HEADERS.failureCode, 128) ?? UNKNOWN,
    message: read.text(HEADERS.failureMessage, 1024) ?? '',
  };
  const handlerVersion = read.text(HEADERS.handlerVersion, 128) ?? null;
  const idempotencyKey = read.whole(HEADERS.idempotencyKey, 512) ?? null;
  const redriveId = read.whole(HEADERS.redriveId, 128) ?? null;
  const key = record.key === null ? null : readable(record.key);
  const identity = { idempotencyKey: source.redelivery === undefined ? null : idempotencyKey, redriveId };
  const deadLetter: DeadLetter = {
    id: identityOf(record, source, identity),
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    consumer: source.consumer,
    class: (read.oneOf(HEADERS.failureClass, CLASSES) ?? 'pipeline') as DeadLetterClass,
    key,
    payload: record.value,
    headers: record.headers,
    botId: read.text(HEADERS.botId, 64) ?? null,
    conversation: read.text(HEADERS.conversation, 512) ?? key?.slice(0, 512) ?? null,
    idempotencyKey,
    failure,
    handlerVersion,
    attempts: read.number(HEADERS.attempt, MOST_ATTEMPTS) ?? 1,
    firstFailedAt: read.time(HEADERS.firstFailedAt, now) ?? null,
    traceId: read.traceId() ?? null,
    fingerprint: fingerprintOf({ ...failure, handlerVersion: handlerVersion ?? '' }),
    cause: fingerprintOf({ ...failure, handlerVersion: '' }),
    redriveId,
    redriveCount: read.number(HEADERS.redriveCount, MOST_ATTEMPTS) ?? 0,
    deadAt: new Date(isPlausible(record.timestamp, now) ? record.timestamp : now).toISOString(),
  };
  return { deadLetter, clamped: read.clamped };
}

/**
 * An outbox publishes at least once, so that one dead letter may lie in the topic twice: an update dies once in the first
 * run and once in each redrive. Without a ledger behind it a record stands for itself.
 */
function identityOf(
  { topic, partition, offset, timestamp, value }: ConsumedRecord,
  { consumer }: DeadLetterSource,
  { idempotencyKey, redriveId }: { idempotencyKey: string | null; redriveId: string | null },
): string {
  const payload = createHash('sha256')
    .update(value ?? '')
    .digest('hex');
  const parts =
    idempotencyKey === null
      ? [topic, partition, offset, timestamp, payload]
      : [consumer, idempotencyKey, redriveId ?? '', payload];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 24);
}

/** Headers come from whoever could write to the topic. */
class HeaderReader {
  readonly clamped: string[] = [];

  constructor(private readonly headers: Readonly<Record<string, string>>) {}

  /** Cut where it is too long. */
  text(name: string, longest: number): string | undefined {
    const value = this.headers[name];
    if (value === undefined || value === '') return undefined;
    const text = readable(value);
    if (text.length <= longest) return text;
    this.clamped.push(name);
    return readable(text.slice(0, longest));
  }

  /** An identity is taken as it is or not at all. */
  whole(name: string, longest: number): string | undefined {
    const value = this.headers[name];
    if (value === undefined || value === '') return undefined;
    if (value.length <= longest && readable(value) === value) return value;
    this.clamped.push(name);
    return undefined;
  }

  oneOf(name: string, known: readonly string[]): string | undefined {
    const value = this.headers[name];
    if (value === undefined || known.includes(value)) return value;
    this.clamped.push(name);
    return undefined;
  }

  number(name: string, most: number): number | undefined {
    const value = this.headers[name];
    if (value === undefined) return undefined;
    if (/^\d{1,9}$/.test(value) && Number(value) <= most) return Number(value);
    this.clamped.push(name);
    return /^\d+$/.test(value) ? most : undefined;
  }

  time(name: string, now: number): string | undefined {
    const value = this.headers[name];
    if (value === undefined) return undefined;
    const milliseconds = Date.parse(value);
    if (isPlausible(milliseconds, now)) return new Date(milliseconds).toISOString();
    this.clamped.push(name);
    return undefined;
  }

  traceId(): string | undefined {
    const value = this.headers[HEADERS.traceparent];
    if (value === undefined) return undefined;
    const id = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(value)?.[1];
    if (id === undefined) this.clamped.push(HEADERS.traceparent);
    return id;
  }
}

function isPlausible(milliseconds: number, now: number): boolean {
  return milliseconds > 0 && milliseconds <= now + DAY_MS;
}

/** PostgreSQL has no U+0000, and half a character is no text. */
function readable(text: string): string {
  return text.replaceAll('\u0000', '\uFFFD').toWellFormed();
}
