import type { Logger } from '@onceline/service-kit';
import { trace, type Context } from '@opentelemetry/api';
import type { Refusal } from './decide-answer.js';
import type { BrokenHttp } from './door-server.js';
import type { Exchange } from './exchange.js';
import type { IngressMetrics, OutcomeLabel } from './ingress-metrics.js';
import { DriftNotice, kindLabel } from './notice-drift.js';
import type { Ending } from './webhook-door.js';

/** Counts every ending; writes one line for each that is no 200. Never a byte of a body, never a secret. */
export class EndingReport {
  readonly #drift: DriftNotice;

  constructor(
    private readonly metrics: IngressMetrics,
    private readonly logger: Logger,
  ) {
    this.#drift = new DriftNotice({
      found: (part, name) => metrics.unknownParts(part, name),
      named: (part, name) => logger.warn({ [part]: name }, 'unknown update kind or field'),
    });
  }

  ended(exchange: Exchange, ending: Ending): void {
    this.metrics.requests(outcomeLabel(ending));
    if (ending.how === 'accepted') {
      this.metrics.ackSeconds.observe((performance.now() - exchange.startedAt) / 1000, exchange.traceId);
      this.metrics.updates(kindLabel(ending.update.kind));
      if (this.#drift.notice(ending.update)) this.metrics.drift();
      return;
    }
    if (ending.how === 'refused') this.metrics.rejected(ending.refusal);
    this.#write(exchange, ending);
  }

  connectionCut(reason: BrokenHttp): void {
    this.metrics.rejected(reason);
    this.logger.info({ reason }, 'connection cut');
  }

  #write({ botId, receivedBytes, startedAt, context }: Exchange, { how, ...rest }: Ending): void {
    const line = {
      ...rest,
      botId: shownBotId(botId),
      bytes: receivedBytes,
      durationMs: Math.round(performance.now() - startedAt),
      ...idsOf(context),
    };
    const ours = 'refusal' in rest && levelOf(rest.refusal) === 'warn';
    this.logger[ours ? 'warn' : 'info'](line, how === 'refused' ? 'webhook refused' : 'webhook broken off');
  }
}

function outcomeLabel(ending: Ending): OutcomeLabel {
  if (ending.how !== 'refused') return ending.how;
  if (ending.status === 429) return 'shed';
  return ending.status >= 500 ? 'failed' : 'rejected';
}

/** Named here, because an ending may be told outside of the request's context. */
function idsOf(context: Context): object {
  const { traceId, spanId } = trace.getSpanContext(context) ?? {};
  return { trace_id: traceId, span_id: spanId };
}

/** Strangers at the door are no event; what an operator should look at is. */
function levelOf(refusal: Refusal): 'info' | 'warn' {
  return refusal === 'unknown-bot' || refusal === 'method-not-allowed' ? 'info' : 'warn';
}

/** A path is text from outside: shown only when it has the shape of a bot id. */
function shownBotId(botId: string): string | undefined {
  return /^\d{1,20}$/.test(botId) ? botId : undefined;
}
