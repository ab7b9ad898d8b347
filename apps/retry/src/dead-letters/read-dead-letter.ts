import { createHash } from 'node:crypto';
import { readableText, type HeaderName } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import { FAILURE_LIMITS, fingerprintOf, readFailureHeaders } from '@onceline/retry-policy';
import type { DeadLetter, DeadLetterSource } from './dead-letter.js';

const UNKNOWN = 'unknown';

/** A record as the index takes it, and the headers in it that could not be believed. */
export interface ReadDeadLetter {
  readonly deadLetter: DeadLetter;
  readonly clamped: readonly HeaderName[];
}

/** Reads any record of a dead-letter topic: what a header cannot mean is left out or cut, never a reason to stop. */
export function readDeadLetter(record: ConsumedRecord, source: DeadLetterSource, now: number): ReadDeadLetter {
  const read = readFailureHeaders(record.headers, now);
  const failure = { kind: read.kind ?? UNKNOWN, code: read.code ?? UNKNOWN, message: read.message ?? '' };
  const handlerVersion = read.handlerVersion ?? null;
  const idempotencyKey = read.idempotencyKey ?? null;
  const redriveId = read.redriveId ?? null;
  const key = record.key === null ? null : readableText(record.key);
  const identity = { idempotencyKey: source.redelivery === undefined ? null : idempotencyKey, redriveId };
  const deadLetter: DeadLetter = {
    id: identityOf(record, source, identity),
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    consumer: source.consumer,
    class: read.class ?? 'pipeline',
    key,
    payload: record.value,
    headers: record.headers,
    botId: read.botId ?? null,
    conversation: read.conversation ?? key?.slice(0, FAILURE_LIMITS.conversation).toWellFormed() ?? null,
    idempotencyKey,
    failure,
    handlerVersion,
    attempts: read.attempt ?? 1,
    firstFailedAt: read.firstFailedAt === undefined ? null : new Date(read.firstFailedAt).toISOString(),
    traceId: read.traceId ?? null,
    fingerprint: fingerprintOf({ ...failure, handlerVersion: handlerVersion ?? '' }),
    cause: fingerprintOf({ ...failure, handlerVersion: '' }),
    redriveId,
    redriveCount: read.redriveCount ?? 0,
    deadAt: new Date(isPlausible(record.timestamp, now) ? record.timestamp : now).toISOString(),
  };
  return { deadLetter, clamped: read.distrusted };
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

function isPlausible(milliseconds: number, now: number): boolean {
  return milliseconds > 0 && milliseconds <= now + FAILURE_LIMITS.clockSlackMs;
}
