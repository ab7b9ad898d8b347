import { HEADERS, parseTraceparent, readableText } from '@onceline/contracts';
import {
  failSpan,
  injectTrace,
  isSampled,
  spanContextOf,
  startRecordSpan,
  type RecordHeaders,
  type RecordSpanOptions,
} from '@onceline/kafka';
import type { Span } from '@opentelemetry/api';
import type { ReceivedUpdate } from './intake/to-command.js';
import type { Settlement } from './store/plan-batch.js';
import type { TraceContext, TracedUpdate } from './store/traced-update.js';

/**
 * Spans of the tries in hand: begun when a record is read or leaves its queue, ended after its commit. Each is a child of the context
 * that came with the update, so that all tries stand side by side in one trace, and linked to the try before. Sampled updates have one,
 * and those that come back; of any other it is made when its try has failed.
 */
export class UpdateSpans {
  private readonly open = new Map<string, Span>();
  private begunAt = 0;

  constructor(private readonly groupId: string) {}

  /** @param waitedMs since the try before, or since the update was parked */
  start(update: ReceivedUpdate, waitedMs?: number): TracedUpdate {
    const { record, delivery } = update;
    const given = contextIn(record.headers);
    this.begunAt = Date.now();
    const keep = delivery.type === 'again';
    if (given.traceparent === null || !(keep || isSampled(record.headers))) return { ...update, ...given };
    const traced = this.begin({ ...update, ...given }, { keep });
    if (waitedMs !== undefined) {
      this.open.get(placeOf(update))?.setAttribute('onceline.wait.ms', Math.max(0, Math.round(waitedMs)));
    }
    return traced;
  }

  /** A failed try is always shown. What came before it was not recorded, and is not made up. */
  keep(update: TracedUpdate): TracedUpdate {
    const { traceparent } = update;
    if (traceparent === null || isSampled({ traceparent })) return update;
    const kept = this.begin(update, { keep: true, startTime: this.begunAt });
    this.open.get(placeOf(update))?.setAttribute('onceline.trace.begins_here', true);
    return kept;
  }

  settled(updates: readonly TracedUpdate[], settlements: readonly Settlement[]): void {
    for (const { update, outcome, reason, ticketId, failure } of settlements) {
      const span = this.open.get(placeOf(update));
      span?.setAttributes({
        'onceline.outcome': outcome,
        ...(reason === null ? {} : { 'onceline.reason': reason }),
        ...(ticketId === null ? {} : { 'onceline.ticket.id': ticketId }),
      });
      if (span && failure) failSpan(span, Object.assign(new Error(failure.message), { code: failure.code }));
      this.end(update);
    }
    this.endAll(updates);
  }

  failed(updates: readonly TracedUpdate[], error: unknown): void {
    for (const update of updates) {
      const span = this.open.get(placeOf(update));
      if (span) failSpan(span, error);
    }
    this.endAll(updates);
  }

  private begin(update: TracedUpdate, options: RecordSpanOptions): TracedUpdate {
    const { record, delivery } = update;
    const { span, context } = startRecordSpan(record, this.groupId, options);
    linkToTryBefore(span, record.headers);
    if (delivery.type === 'again' && delivery.attempt !== null) span.setAttribute('onceline.attempt', delivery.attempt);
    if (delivery.type === 'again' && delivery.redrive) span.setAttribute('onceline.redrive.id', delivery.redrive.id);
    this.open.set(placeOf(update), span);
    return { ...update, ...contextIn(injectTrace(record.headers, context)) };
  }

  /** What was begun for a decision that was then made anew without it has no end, and is not shown. */
  private endAll(updates: readonly TracedUpdate[]): void {
    for (const update of updates) this.end(update);
    this.open.clear();
  }

  private end(update: TracedUpdate): void {
    const place = placeOf(update);
    this.open.get(place)?.setAttribute('onceline.idempotency_key', update.idempotencyKey).end();
    this.open.delete(place);
  }
}

/** A second record of the same place is the same try, decided again after a conflict. */
function placeOf({ record: { topic, partition, offset } }: ReceivedUpdate): string {
  return `${topic}/${partition}/${offset}`;
}

function linkToTryBefore(span: Span, headers: RecordHeaders): void {
  const before = headers[HEADERS.previousTraceparent];
  const context = before === undefined ? undefined : spanContextOf({ traceparent: before });
  if (context) span.addLink({ context });
}

/** What came in is not trusted further than its form. */
function contextIn(headers: RecordHeaders): TraceContext {
  const traceparent = headers[HEADERS.traceparent];
  if (traceparent === undefined || parseTraceparent(traceparent) === undefined)
    return { traceparent: null, tracestate: null };
  const tracestate = headers[HEADERS.tracestate];
  return { traceparent, tracestate: tracestate === undefined ? null : readableText(tracestate).slice(0, 512) };
}
