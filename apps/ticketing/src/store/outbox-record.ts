import { HEADERS, readableText, TOPICS } from '@onceline/contracts';
import {
  contextOf,
  injectTrace,
  isSampled,
  recordedFromHere,
  type ConsumedRecord,
  type RecordHeaders,
} from '@onceline/kafka';
import { FAILURE_LIMITS, readFailureHeaders, type DeadLetterReason } from '@onceline/retry-policy';
import { HANDLER_VERSION } from '../handler-version.js';
import type { ReceivedUpdate } from '../intake/to-command.js';
import type { UpdateFailure } from '../intake/update-failure.js';
import type { TracedUpdate } from './traced-update.js';

/** A row of the outbox: a record that leaves with the verdict that caused it. */
export interface OutboxRecord {
  readonly topic: string;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** A failure with its place in the history of the update. */
export interface FailedTry {
  readonly failure: UpdateFailure;
  /** Tries made, this one included. */
  readonly attempts: number;
  readonly firstFailedAt: number;
  readonly now: number;
  readonly conversation: string;
}

/** The consumer whose retries and dead letters these are. */
const CONSUMER = 'ticketing';

/** To the topic that holds it until it is due. */
export function toRetry(
  update: TracedUpdate,
  failed: FailedTry,
  hop: { readonly topic: string; readonly dueAt: number },
): OutboxRecord {
  const headers = {
    ...failureHeaders(update, failed),
    [HEADERS.dueAt]: String(hop.dueAt),
    [HEADERS.retriedAt]: String(failed.now),
  };
  return recordOf(hop.topic, update, headers, [HEADERS.failureClass, HEADERS.deadLetterReason]);
}

/** For good, with its cause and why it is not tried again. Nothing waits for it any more. */
export function toDeadLetter(update: TracedUpdate, failed: FailedTry, why: DeadLetterReason): OutboxRecord {
  const headers = {
    ...failureHeaders(update, failed),
    [HEADERS.failureClass]: 'pipeline',
    [HEADERS.deadLetterReason]: why,
  };
  return recordOf(TOPICS.ticketingDeadLetter, update, headers, [HEADERS.dueAt, HEADERS.retriedAt]);
}

/** Its first try is still to come, and comes next. */
export function toFirstRedelivery(update: ReceivedUpdate, now: number): OutboxRecord {
  const headers = {
    [HEADERS.idempotencyKey]: update.idempotencyKey,
    [HEADERS.consumer]: CONSUMER,
    [HEADERS.attempt]: '0',
    [HEADERS.dueAt]: String(now),
    [HEADERS.retriedAt]: String(now),
    ...originHeaders(update.record),
  };
  return recordOf(TOPICS.ticketingRedelivery, update, headers, FAILURE_HEADERS);
}

const FAILURE_HEADERS: readonly string[] = [
  HEADERS.firstFailedAt,
  HEADERS.failureKind,
  HEADERS.failureCode,
  HEADERS.failureMessage,
  HEADERS.failureClass,
  HEADERS.deadLetterReason,
  HEADERS.handlerVersion,
];

/** The original record. Our headers replace what was there; nothing is appended, so it never grows from try to try. */
function recordOf(
  topic: string,
  update: ReceivedUpdate,
  headers: Readonly<Record<string, string>>,
  without: readonly string[] = [],
): OutboxRecord {
  const { record } = update;
  return {
    topic,
    key: record.key === null ? null : readableText(record.key),
    value: record.value,
    headers: { ...keptHeaders(update, without), ...headers },
  };
}

/** Marks of a redrive are kept only where one brought the update: on a first delivery they are not ours. */
export function keptHeaders(
  { record, delivery }: Pick<ReceivedUpdate, 'record' | 'delivery'>,
  without: readonly string[] = [],
): Record<string, string> {
  const isRedriven = delivery.type === 'again' && delivery.redrive !== null;
  const dropped = isRedriven ? without : [...without, HEADERS.redriveId, HEADERS.redriveCount];
  const original = Object.entries(record.headers)
    .map(([name, value]) => [readableText(name), readableText(value)] as const)
    .filter(([name]) => !dropped.includes(name));
  return Object.fromEntries(original);
}

function failureHeaders(update: TracedUpdate, failed: FailedTry): RecordHeaders {
  const { failure, attempts, firstFailedAt, conversation } = failed;
  const { record, traceparent } = update;
  return {
    ...recordedTrace(update),
    [HEADERS.idempotencyKey]: update.idempotencyKey,
    [HEADERS.consumer]: CONSUMER,
    [HEADERS.attempt]: String(attempts),
    [HEADERS.firstFailedAt]: new Date(firstFailedAt).toISOString(),
    [HEADERS.failureKind]: failure.kind,
    [HEADERS.failureCode]: failure.code,
    [HEADERS.failureMessage]: readableText(failure.message).slice(0, FAILURE_LIMITS.message),
    [HEADERS.handlerVersion]: HANDLER_VERSION,
    // The stored context stays the parent of every try; the span of this one is what the next one links to.
    ...(traceparent === null ? {} : { [HEADERS.previousTraceparent]: traceparent }),
    ...(conversation === record.key ? {} : { [HEADERS.conversation]: conversation }),
    ...originHeaders(record),
  };
}

/** Whoever gets the record records its trace too, also where its root was not chosen to be. */
function recordedTrace({ record, traceparent }: TracedUpdate): RecordHeaders {
  const isRecorded = traceparent !== null && isSampled({ [HEADERS.traceparent]: traceparent });
  if (!isRecorded || isSampled(record.headers)) return {};
  return injectTrace({}, recordedFromHere(contextOf(record.headers)));
}

/** Where the update lies in `telegram.updates.unique`: set by its first failure, kept by all that follow. */
function originHeaders(record: ConsumedRecord): Record<string, string> {
  const { origin: told } = readFailureHeaders(record.headers, record.timestamp);
  const isKnown = record.topic !== TOPICS.unique && told?.topic === TOPICS.unique;
  const origin = isKnown ? told : record;
  return {
    [HEADERS.originTopic]: origin.topic,
    [HEADERS.originPartition]: String(origin.partition),
    [HEADERS.originOffset]: String(origin.offset),
    [HEADERS.originTimestamp]: String(origin.timestamp),
  };
}
