/** The W3C trace context in record headers. What is read from a record is trusted no further than its form. */
import { randomFillSync } from 'node:crypto';
import { parseTraceparent } from '@onceline/contracts';
import {
  ROOT_CONTEXT,
  TraceFlags,
  context as active,
  createTraceState,
  isSpanContextValid,
  trace,
  type Context,
  type SpanContext,
} from '@opentelemetry/api';
import type { RecordHeaders } from './port.js';

const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';

/**
 * Copies headers with the trace context of `context` (default: the active one) added as W3C `traceparent` and `tracestate`. Without a
 * span in it the headers come back unchanged. Nothing else writes them.
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
  const spanContext = spanContextOf(headers);
  return spanContext === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContext);
}

/** Whether the trace that the headers name is recorded. Looks at two characters, no more. */
export function isSampled(headers: RecordHeaders): boolean {
  const traceparent = headers[TRACEPARENT];
  return traceparent !== undefined && (parseInt(traceparent.slice(-2), 16) & TraceFlags.SAMPLED) !== 0;
}

const TRACE_ID_BYTES = 16;
const IDS_BYTES = TRACE_ID_BYTES + 8;
/** Random bytes are asked for by the page: each asking costs more than the ids of one update. */
const randomBytes = Buffer.alloc(IDS_BYTES * 128);
let nextRandom = randomBytes.length;

/** A new trace that is not recorded: it gives an update an id that log lines and the ledger can name, whether tracing is on or not. */
export function unrecordedTrace(): Context {
  if (nextRandom === randomBytes.length) {
    randomFillSync(randomBytes);
    nextRandom = 0;
  }
  const [from, middle] = [nextRandom, nextRandom + TRACE_ID_BYTES];
  nextRandom += IDS_BYTES;
  const traceId = randomBytes.toString('hex', from, middle);
  const spanId = randomBytes.toString('hex', middle, nextRandom);
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.NONE });
}

/** The same trace, recorded from here on. */
export function recordedFromHere(context: Context): Context {
  const spanContext = trace.getSpanContext(context);
  if (spanContext === undefined) return context;
  return trace.setSpanContext(context, { ...spanContext, traceFlags: spanContext.traceFlags | TraceFlags.SAMPLED });
}

/** Trace and span that a `traceparent` names, under the names of a log line; nothing where it is unreadable. */
export function traceIds(traceparent: string | null | undefined): { trace_id?: string; span_id?: string } {
  const parent = parseTraceparent(traceparent);
  return parent === undefined ? {} : { trace_id: parent.traceId, span_id: parent.spanId };
}

/** As in {@link contextOf}; undefined when there is none or it is unreadable. */
export function spanContextOf(headers: RecordHeaders): SpanContext | undefined {
  const parent = parseTraceparent(headers[TRACEPARENT]);
  if (parent === undefined) return undefined;
  const tracestate = headers[TRACESTATE];
  return {
    traceId: parent.traceId,
    spanId: parent.spanId,
    traceFlags: parent.flags,
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
}
