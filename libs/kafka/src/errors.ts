/** Every code a {@link KafkaError} can carry. The list is closed. */
export const KAFKA_ERROR_CODES = [
  /** The broker cannot be reached or did not answer in time. */
  'unavailable',
  /** The broker does not let this client in, or the client does not trust it: a person has to mend it, the message says what. */
  'refused',
  /** Not acknowledged within the delivery time limit; the record may or may not be in the log. */
  'delivery-timeout',
  /** The result did not name every partition written to: some records may be missing. */
  'unconfirmed',
  /** A transaction failed; whether it was committed is unknown until the producer has been fenced anew. */
  'transaction-failed',
  /** Another producer took over this transactional id: this owner must stop. */
  'fenced',
  /** The record is larger than the broker accepts. */
  'record-too-large',
  /** A topic is missing or has another partition count than declared. */
  'topic-mismatch',
  /** The producer or consumer has been closed. */
  'closed',
  /** Anything else the client reported. */
  'client',
] as const;

/** One of {@link KAFKA_ERROR_CODES}. */
export type KafkaErrorCode = (typeof KAFKA_ERROR_CODES)[number];

const RETRIABLE: ReadonlySet<KafkaErrorCode> = new Set([
  'unavailable',
  'delivery-timeout',
  'unconfirmed',
  'transaction-failed',
]);

/** The only error that leaves this library. `canRetry` answers "what now?": true = the same call may succeed later. */
export class KafkaError extends Error {
  readonly canRetry: boolean;

  constructor(
    readonly code: KafkaErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'KafkaError';
    this.canRetry = RETRIABLE.has(code);
  }
}
