import { HEADERS } from '@onceline/contracts';
import { failSpan, injectTrace, isSampled, startRecordSpan, type ConsumedRecord } from '@onceline/kafka';
import type { Span } from '@opentelemetry/api';
import { readableText } from './intake/readable-text.js';
import type { Settlement } from './store/plan-batch.js';
import type { TracedUpdate } from './store/traced-update.js';

/** The context that goes into the database with an update's outcome. */
export interface TraceContext {
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

/** Spans of the updates in hand: begun when a record is read, ended after its commit. Only sampled records have one. */
export class UpdateSpans {
  private readonly open = new WeakMap<ConsumedRecord, Span>();

  constructor(private readonly groupId: string) {}

  start(record: ConsumedRecord): TraceContext {
    const given = contextIn(record.headers);
    if (given.traceparent === null || !isSampled(record.headers)) return given;
    const { span, context } = startRecordSpan(record, this.groupId);
    this.open.set(record, span);
    return contextIn(injectTrace(record.headers, context));
  }

  settled(updates: readonly TracedUpdate[], settlements: readonly Settlement[]): void {
    for (const { update, outcome, reason } of settlements) {
      const attributes = { 'onceline.outcome': outcome, ...(reason === null ? {} : { 'onceline.reason': reason }) };
      this.open.get(update.record)?.setAttributes(attributes);
    }
    for (const update of updates) this.end(update);
  }

  failed(updates: readonly TracedUpdate[], error: unknown): void {
    for (const update of updates) {
      const span = this.open.get(update.record);
      if (span) failSpan(span, error);
      this.end(update);
    }
  }

  private end({ record, idempotencyKey }: TracedUpdate): void {
    this.open.get(record)?.setAttribute('onceline.idempotency.key', idempotencyKey).end();
    this.open.delete(record);
  }
}

const TRACEPARENT = /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

/** What came in is not trusted further than its form. */
function contextIn(headers: Readonly<Record<string, string>>): TraceContext {
  const traceparent = headers[HEADERS.traceparent];
  if (traceparent === undefined || !TRACEPARENT.test(traceparent)) return { traceparent: null, tracestate: null };
  const tracestate = headers[HEADERS.tracestate];
  return { traceparent, tracestate: tracestate === undefined ? null : readableText(tracestate).slice(0, 512) };
}
