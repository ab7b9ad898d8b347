import type { ConsumedRecord } from '@onceline/kafka';
import type { Settlement } from './store/plan-batch.js';
import type { TracedUpdate } from './store/traced-update.js';

/** The context that goes into the database with an update's outcome. */
export interface TraceContext {
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

/** Spans of the updates in hand: begun when a record is read, ended after its commit. */
export interface UpdateSpans {
  start(record: ConsumedRecord): TraceContext;
  settled(updates: readonly TracedUpdate[], settlements: readonly Settlement[]): void;
  failed(updates: readonly TracedUpdate[], error: unknown): void;
}
