import { SpanStatusCode } from '@opentelemetry/api';
import type { Exchange } from './exchange.js';
import type { Ending } from './webhook-door.js';

const ROUTE = '/telegram/{botId}';

/** Says on the server span, which the HTTP instrumentation made, what the request was about. */
export function describeSpan({ span, botId, request }: Exchange, ending: Ending): void {
  if (!span?.isRecording()) return;
  span.updateName(`${request.method} ${ROUTE}`);
  span.setAttribute('http.route', ROUTE);
  if (ending.how === 'accepted') {
    span.setAttribute('onceline.bot.id', botId);
    span.setAttribute('onceline.update.id', ending.update.updateId);
    span.setAttribute('onceline.update.kind', ending.update.kind);
  }
  if (ending.how === 'refused') span.setAttribute('onceline.refusal', ending.refusal);
  // No error of HTTP's, but a dead letter: those are shown whatever share of traces is.
  if (ending.how === 'refused' && ending.refusal === 'malformed') span.setStatus({ code: SpanStatusCode.ERROR });
}
