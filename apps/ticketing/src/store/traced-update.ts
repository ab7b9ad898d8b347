import type { ReceivedUpdate } from '../intake/to-command.js';

/** An update with the trace context that its outcome, its events and its dead letter carry on. */
export interface TracedUpdate extends ReceivedUpdate {
  /** Of the span that handles it, or as received when that is not recorded. */
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}
