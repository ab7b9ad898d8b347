/** What the client reports, in our own words. The codes decide what happens next, so each group says why it is one. */
import { KafkaError, type KafkaErrorCode } from '../errors.js';
import { refusalIn } from './refusals.js';

/** What is known of an error of the client. */
export interface ClientError {
  readonly name?: string;
  readonly type?: string;
  readonly code?: number | string;
  readonly message?: string;
  readonly retriable?: boolean;
  readonly cause?: unknown;
  /** Of one error for several, as when topics are created: the first speaks for all. */
  readonly errors?: readonly unknown[];
}

const BY_TYPE: Readonly<Record<string, KafkaErrorCode>> = {
  MESSAGE_TOO_LARGE: 'record-too-large',
  RECORD_LIST_TOO_LARGE: 'record-too-large',
  // Brokers answer old clients with 47 where new ones get PRODUCER_FENCED; an id idle for a week is forgotten (49).
  INVALID_PRODUCER_EPOCH: 'fenced',
  INVALID_PRODUCER_ID_MAPPING: 'fenced',
  UNKNOWN_TOPIC_OR_PARTITION: 'topic-mismatch',
  INVALID_TOPIC_EXCEPTION: 'topic-mismatch',
};

const UNAVAILABLE_NAMES: ReadonlySet<string> = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSTimeout',
  'KafkaJSMetadataNotLoaded',
  'KafkaJSTopicMetadataNotLoaded',
]);

/** The broker's error names along the chain of causes, outermost first. */
export function errorTypes(error: unknown): string[] {
  return chain(error).flatMap(({ type }) => (type === undefined ? [] : [type]));
}

/** Turns anything thrown by the client into a {@link KafkaError}. */
export function toKafkaError(error: unknown, doing: string): KafkaError {
  if (error instanceof KafkaError) return error;
  const causes = chain(error);
  const refusal = refusalIn(causes);
  if (refusal !== undefined) {
    const { why, fix } = refusal;
    return new KafkaError('refused', `${doing}: the broker is reached, but ${why}. Fix: ${fix}`, {
      cause: error,
    });
  }
  const message = `${doing}: ${causes.at(-1)?.message ?? String(error)}`;
  return new KafkaError(codeOf(causes), message, { cause: error });
}

function codeOf(causes: readonly ClientError[]): KafkaErrorCode {
  for (const { type } of causes) {
    const code = type === undefined ? undefined : BY_TYPE[type];
    if (code !== undefined) return code;
  }
  // The client's table ends at 88: PRODUCER_FENCED (90) comes as an unknown code.
  if (causes.some(({ message }) => message === 'Unknown error code 90')) return 'fenced';
  const unavailable = causes.some(
    ({ name, type, retriable }) => UNAVAILABLE_NAMES.has(name ?? '') || (type !== undefined && retriable === true),
  );
  return unavailable ? 'unavailable' : 'client';
}

function chain(error: unknown): ClientError[] {
  const causes: ClientError[] = [];
  for (let e = error; typeof e === 'object' && e !== null && causes.length < 10; e = causeOf(e)) causes.push(e);
  return causes;
}

function causeOf({ cause, errors }: ClientError): unknown {
  return cause ?? errors?.[0];
}
