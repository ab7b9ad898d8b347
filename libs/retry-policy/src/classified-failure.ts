import type { FailureKind } from './next-hop.js';

/** An error, sorted. */
export interface ClassifiedFailure {
  readonly kind: FailureKind;
  /** What decided: a SQLSTATE, a code of the system or of Kafka, `http-503`, `timeout`, `connection-lost`, `tls-…`; else `unknown`. */
  readonly code: string;
  /** False when no rule knows it: tried again, and worth an alert. */
  readonly known: boolean;
}
