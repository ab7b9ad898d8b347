/**
 * Spans around Kafka, by hand: the stock instrumentation overwrites the trace context that an outbox or a retry has stored, makes a
 * span for every record, and does nothing under ESM. Names and attributes follow the messaging conventions of OpenTelemetry.
 *
 * A span costs some ten microseconds even when it is not sampled, so per record there is one only when the record's own
 * `traceparent` says so; that is read from its last two characters. Without a registered SDK all of this does next to nothing.
 */
import {
  INVALID_SPAN_CONTEXT,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  context as active,
  createTraceState,
  isSpanContextValid,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanContext,
} from '@opentelemetry/api';
import type { ConsumedRecord, OutgoingRecord, RecordBatch, RecordHeaders } from './port.js';

const TRACER = 'onceline-kafka';
const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';
const W3C = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
/** A batch may hold a thousand traces; a span with more links than this is unreadable and refused by some back ends. */
const MAX_LINKS = 100;

/** A span with the context to work under and to store for what comes later. */
export interface SpanInContext {
  readonly span: Span;
  readonly context: Context;
}

/**
 * Copies headers with the trace context of `context` (default: the active one) added as W3C `traceparent` and `tracestate`. Without a
 * span in it the headers come back unchanged. This is the only call that writes them: sending never does.
 */
export function injectTrace(headers: RecordHeaders, context: Context = active.active()): RecordHeaders {
  const spanContext = trace.getSpanContext(context);
  if (spanContext === undefined || !isSpanContextValid(spanContext)) return headers;
  const flags = spanContext.traceFlags.toString(16).padStart(2, '0');
  const traceparent = `00-${spanContext.traceId}-${spanContext.spanId}-${flags}`;
  const tracestate = spanContext.traceState?.serialize();
  const stamped: Record<string, string> = { ...headers, [TRACEPARENT]: traceparent };
  // The state belongs to its context: one left over from another would be a lie.
  if (tracestate) stamped[TRACESTATE] = tracestate;
  else delete stamped[TRACESTATE];
  return stamped;
}

/** The trace context stored in headers; the root context when there is none or it is unreadable. */
export function contextOf(headers: RecordHeaders): Context {
  const spanContext = readTraceparent(headers);
  return spanContext === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContext);
}

/** Whether the trace that the headers name is recorded. Looks at two characters, no more. */
export function isSampled(headers: RecordHeaders): boolean {
  const traceparent = headers[TRACEPARENT];
  return traceparent !== undefined && (parseInt(traceparent.slice(-2), 16) & TraceFlags.SAMPLED) !== 0;
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

/**
 * Starts the span of one record's handling, as a child of the context stored in it, so that all hops and attempts make one trace.
 * For a record that is not sampled the span records nothing and the context is the stored one; ending it is safe.
 */
export function startRecordSpan(record: ConsumedRecord, groupId: string): SpanInContext {
  const parent = contextOf(record.headers);
  if (!isSampled(record.headers)) return { span: silentSpan(parent), context: parent };
  const span = trace.getTracer(TRACER).startSpan(
    `process ${record.topic}`,
    {
      kind: SpanKind.CONSUMER,
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

/** Marks a span as failed; whoever started it ends it. */
export function failSpan(span: Span, error: unknown): void {
  const reason = error instanceof Error ? error : new Error(String(error));
  span.setAttribute('error.type', 'code' in reason ? String(reason.code) : reason.name);
  span.setStatus({ code: SpanStatusCode.ERROR, message: reason.message });
}

function readTraceparent(headers: RecordHeaders): SpanContext | undefined {
  const match = W3C.exec(headers[TRACEPARENT] ?? '');
  if (match === null || match[1] === 'ff') return undefined;
  const tracestate = headers[TRACESTATE];
  const spanContext: SpanContext = {
    traceId: match[2]!,
    spanId: match[3]!,
    traceFlags: parseInt(match[4]!, 16),
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
  return isSpanContextValid(spanContext) ? spanContext : undefined;
}

function linksTo(batches: readonly RecordBatch[]): Link[] {
  const links: Link[] = [];
  for (const { records } of batches) {
    for (const { headers } of records) {
      if (links.length === MAX_LINKS) return links;
      if (!isSampled(headers)) continue;
      const context = readTraceparent(headers);
      if (context !== undefined) links.push({ context });
    }
  }
  return links;
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
