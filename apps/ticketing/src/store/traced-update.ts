import type { ReceivedUpdate } from '../intake/to-command.js';

/** The context that goes into the database with an update's outcome, or with what somebody asked for. */
export interface TraceContext {
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

/** An update with the trace context that its outcome, its events and its dead letter carry on. */
export interface TracedUpdate extends ReceivedUpdate, TraceContext {
  /** Of the span that handles it, or as received when that is not recorded. */
  readonly traceparent: string | null;
}
