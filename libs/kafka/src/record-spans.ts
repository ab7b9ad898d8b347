/**
 * Spans around Kafka, by hand: the stock instrumentation overwrites the trace context that an outbox or a retry has stored, makes a
 * span for every record, and does nothing under ESM. Names and attributes follow the messaging conventions of OpenTelemetry.
 *
 * A span costs some ten microseconds, so per record there is one only when the record's own `traceparent` says so, which is read from its
 * last two characters, or when something is worth to be kept of it. Without a registered SDK all of this does next to nothing.
 */
import {
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  context as active,
  isSpanContextValid,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
} from '@opentelemetry/api';
import type { ConsumedRecord, OutgoingRecord, RecordBatch } from './port.js';
import { contextOf, injectTrace, isSampled, recordedFromHere, spanContextOf } from './trace-headers.js';

const TRACER = 'onceline-kafka';
/** A batch may hold a thousand traces; a span with more links than this is unreadable and refused by some back ends. */
const MAX_LINKS = 100;

/** A span with the context to work under and to store for what comes later. */
export interface SpanInContext {
  readonly span: Span;
  readonly context: Context;
}

/**
 * Runs the handling of a set of batches inside one `process` span, linked to the sampled traces in it. It is no child of theirs:
 * a batch belongs to many.
 */
export async function withBatchSpan<T>(
  batches: readonly RecordBatch[],
  groupId: string,
  handle: (span: Span) => Promise<T>,
): Promise<T> {
  const topics = [...new Set(batches.map(({ topic }) => topic))];
  const count = batches.reduce((sum, { records }) => sum + records.length, 0);
  const [first] = batches;
  const span = trace.getTracer(TRACER).startSpan(
    topics.length === 1 ? `process ${topics[0]}` : 'process',
    {
      kind: SpanKind.CONSUMER,
      links: linksTo(batches),
      attributes: {
        ...processing(groupId),
        'messaging.batch.message_count': count,
        ...(topics.length === 1 ? { 'messaging.destination.name': topics[0]! } : {}),
        ...(batches.length === 1 ? { 'messaging.destination.partition.id': String(first!.partition) } : {}),
      },
    },
    ROOT_CONTEXT,
  );
  try {
    return await active.with(trace.setSpan(ROOT_CONTEXT, span), () => handle(span));
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** What may be said of a record's span beside the record. */
export interface RecordSpanOptions {
  /** The trace is recorded from here on, whatever was decided at its root. */
  readonly keep?: boolean;
  /** When the handling began, milliseconds since the epoch; now when absent. */
  readonly startTime?: number;
}

/**
 * Starts the span of one record's handling, as a child of the context stored in it, so that all hops and attempts make one trace, linked to
 * the span of its batch. For a record that is not sampled the span records nothing and the context is the stored one; ending it is safe.
 */
export function startRecordSpan(
  record: ConsumedRecord,
  groupId: string,
  { keep = false, startTime }: RecordSpanOptions = {},
): SpanInContext {
  const stored = contextOf(record.headers);
  if (!keep && !isSampled(record.headers)) return { span: silentSpan(stored), context: stored };
  const parent = keep ? recordedFromHere(stored) : stored;
  const span = trace.getTracer(TRACER).startSpan(
    `process ${record.topic}`,
    {
      kind: SpanKind.CONSUMER,
      links: linkToBatch(),
      ...(startTime === undefined ? {} : { startTime }),
      attributes: {
        ...processing(groupId),
        'messaging.destination.name': record.topic,
        'messaging.destination.partition.id': String(record.partition),
        'messaging.kafka.offset': record.offset,
        ...ofMessage(record),
      },
    },
    parent,
  );
  return { span, context: trace.setSpan(parent, span) };
}

/**
 * Starts the span of one record's sending under `context`; stamp the returned context into the record with {@link injectTrace}.
 * Under a trace that is not sampled the span records nothing.
 */
export function startSendSpan(topic: string, record: OutgoingRecord, context: Context): SpanInContext {
  const parent = trace.getSpanContext(context);
  const known = parent !== undefined && isSpanContextValid(parent);
  if (known && (parent.traceFlags & TraceFlags.SAMPLED) === 0) return { span: silentSpan(context), context };
  const span = trace.getTracer(TRACER).startSpan(
    `send ${topic}`,
    {
      kind: SpanKind.PRODUCER,
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.destination.name': topic,
        ...ofMessage(record),
      },
    },
    context,
  );
  return { span, context: trace.setSpan(context, span) };
}

/** How the sending of a record shows in its trace. */
export interface SendTraceOptions {
  /** The record joins this trace and goes out under the span of its sending. Default: it keeps the context stored in it, and the span is beside. */
  readonly join?: Context;
  readonly attributes?: Attributes;
}

/**
 * Sends a record inside a `send` span that ends with the acknowledgement, or the failure, of `send`. A record whose trace is not recorded has
 * none, but carries the id of its trace all the same.
 */
export async function sendInSpan<T>(
  { topic, record }: { readonly topic: string; readonly record: OutgoingRecord },
  { join, attributes }: SendTraceOptions,
  send: (record: OutgoingRecord) => Promise<T>,
): Promise<T> {
  const headers = record.headers ?? {};
  if (join === undefined && !isSampled(headers)) return send(record);
  const { span, context } = startSendSpan(topic, record, join ?? contextOf(headers));
  if (attributes) span.setAttributes(attributes);
  try {
    return await send(join === undefined ? record : { ...record, headers: injectTrace(headers, context) });
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Marks a span as failed; whoever started it ends it. PostgreSQL repeats values in its messages, so that of it only the code is told. */
export function failSpan(span: Span, error: unknown): void {
  const reason = error instanceof Error ? error : new Error(String(error));
  const code = 'code' in reason ? String(reason.code) : undefined;
  span.setAttribute('error.type', code ?? reason.name);
  const isTold = code === undefined || !SQL_STATE.test(code);
  span.setStatus({ code: SpanStatusCode.ERROR, ...(isTold ? { message: reason.message } : {}) });
}

const SQL_STATE = /^(?=.*\d)[0-9A-Z]{5}$/;

function linksTo(batches: readonly RecordBatch[]): Link[] {
  const links: Link[] = [];
  for (const { records } of batches) {
    for (const { headers } of records) {
      if (links.length === MAX_LINKS) return links;
      if (!isSampled(headers)) continue;
      const context = spanContextOf(headers);
      if (context !== undefined) links.push({ context });
    }
  }
  return links;
}

/** From a record to the statements that its batch made; a batch that is not recorded cannot be looked at. */
function linkToBatch(): Link[] {
  const context = trace.getSpanContext(active.active());
  return context !== undefined && (context.traceFlags & TraceFlags.SAMPLED) !== 0 ? [{ context }] : [];
}

function silentSpan(context: Context): Span {
  return trace.wrapSpanContext(trace.getSpanContext(context) ?? INVALID_SPAN_CONTEXT);
}

function processing(groupId: string): Attributes {
  return {
    'messaging.system': 'kafka',
    'messaging.operation.name': 'process',
    'messaging.operation.type': 'process',
    'messaging.consumer.group.name': groupId,
  };
}

function ofMessage({ key, value }: Pick<OutgoingRecord, 'key' | 'value'>): Attributes {
  return {
    ...(key === null ? {} : { 'messaging.kafka.message.key': key }),
    ...(value === null
      ? { 'messaging.kafka.message.tombstone': true }
      : { 'messaging.message.body.size': value.length }),
  };
}
