/**
 * The server span of a webhook request, by hand: the HTTP instrumentation makes one of every request, recorded or not. Most are thrown
 * away. Names and attributes are those of OpenTelemetry's conventions for HTTP.
 */
import type { IncomingMessage } from 'node:http';
import { contextOf, recordedFromHere, unrecordedTrace } from '@onceline/kafka';
import { chosenTrace } from '@onceline/service-kit';
import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
  type Attributes,
  type Context,
  type Span,
} from '@opentelemetry/api';
import type { Exchange } from './exchange.js';
import type { Ending } from './webhook-door.js';

const TRACER = 'onceline-ingress';
const ROUTE = '/telegram/{botId}';

/** Where a request stands in a trace. */
export interface RequestTrace {
  /** Undefined when the trace is not recorded. */
  readonly span: Span | undefined;
  /** Of the span, else of a trace that nobody records: log and record always name the same one. */
  readonly context: Context;
}

/** Joins the trace that the request names; else begins one, of which a share is recorded. */
export function beginRequest(request: IncomingMessage): RequestTrace {
  const named = contextOf(traceHeadersOf(request));
  const sender = trace.getSpanContext(named);
  if (sender !== undefined)
    return (sender.traceFlags & TraceFlags.SAMPLED) === 0
      ? { span: undefined, context: named }
      : started(request, named);
  const chosen = chosenTrace();
  return chosen === undefined ? { span: undefined, context: unrecordedTrace() } : started(request, chosen);
}

/** Says what became of the request, and ends its span. What failed is shown whatever share of traces is. */
export function endRequest(exchange: Exchange, ending: Ending): void {
  const span = exchange.span ?? (hasFailed(ending) ? spanOfFailed(exchange) : undefined);
  if (span === undefined) return;
  if (span.isRecording()) span.setAttributes(attributesOf(exchange, ending));
  if (hasFailed(ending)) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** Ours to mend, or, as a malformed update is, a dead letter. */
function hasFailed(ending: Ending): boolean {
  return ending.how === 'refused' && (ending.status >= 500 || ending.refusal === 'malformed');
}

function started(request: IncomingMessage, parent: Context): RequestTrace {
  const span = startSpan(request, parent);
  return { span, context: trace.setSpan(ROOT_CONTEXT, span) };
}

function spanOfFailed({ request, context, startedAt }: Exchange): Span {
  const span = startSpan(request, recordedFromHere(context), Date.now() - (performance.now() - startedAt));
  return span.setAttribute('onceline.trace.begins_here', true);
}

function startSpan(request: IncomingMessage, parent: Context, startTime?: number): Span {
  const name = `${request.method ?? ''} ${ROUTE}`;
  return trace.getTracer(TRACER).startSpan(
    name,
    {
      kind: SpanKind.SERVER,
      attributes: { 'http.request.method': request.method ?? '', 'http.route': ROUTE, 'url.scheme': 'http' },
      ...(startTime === undefined ? {} : { startTime }),
    },
    parent,
  );
}

/** No address with a query: of a path that is ours, the id of a bot is all there is. */
function attributesOf({ botId, request, receivedBytes }: Exchange, ending: Ending): Attributes {
  return {
    'network.protocol.version': request.httpVersion,
    'http.request.body.size': receivedBytes,
    ...(request.socket.remoteAddress === undefined ? {} : { 'network.peer.address': request.socket.remoteAddress }),
    ...ofEnding(botId, ending),
  };
}

function ofEnding(botId: string, ending: Ending): Attributes {
  switch (ending.how) {
    case 'accepted':
      return {
        'http.response.status_code': 200,
        'onceline.bot.id': botId,
        'onceline.update.id': ending.update.updateId,
        'onceline.update.kind': ending.update.kind,
      };
    case 'refused':
      return {
        'http.response.status_code': ending.status,
        'onceline.refusal': ending.refusal,
        ...(ending.status >= 500 ? { 'error.type': String(ending.status) } : {}),
      };
    case 'broken-off':
      return { 'error.type': 'broken-off' };
  }
}

function traceHeadersOf({ headers: { traceparent, tracestate } }: IncomingMessage): Record<string, string> {
  return {
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
    ...(typeof tracestate === 'string' ? { tracestate } : {}),
  };
}
