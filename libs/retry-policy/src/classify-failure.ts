import type { ClassifiedFailure } from './classified-failure.js';
import { classifyDatabaseFailure } from './database-failure.js';
import type { FailureKind } from './next-hop.js';

/** Codes of a `KafkaError`; `client` is whatever else the Kafka client reports, which no rule knows. */
const KAFKA_CODES: Readonly<Record<string, FailureKind>> = {
  unavailable: 'unavailable',
  // Nothing can be written until somebody mends the topics, and no record is to blame.
  'topic-mismatch': 'unavailable',
  // A password, a certificate or a right that a person has to mend; no record is to blame.
  refused: 'unavailable',
  'delivery-timeout': 'transient',
  unconfirmed: 'transient',
  'transaction-failed': 'transient',
  // Others go on with the work of an owner that was replaced or has stopped.
  fenced: 'transient',
  closed: 'transient',
  'record-too-large': 'permanent',
};

/** Codes of the HTTP client in Node. */
const CALL_CODES: Readonly<Record<string, FailureKind>> = {
  UND_ERR_CONNECT_TIMEOUT: 'unavailable',
  UND_ERR_SOCKET: 'unavailable',
  UND_ERR_HEADERS_TIMEOUT: 'transient',
  UND_ERR_BODY_TIMEOUT: 'transient',
};

const UNKNOWN: ClassifiedFailure = { kind: 'transient', code: 'unknown', known: false };

/** `fetch` puts the reason under one `TypeError`; a chain that is longer, or goes in a circle, is not followed to its end. */
const CAUSES_FOLLOWED = 4;

/**
 * Sorts any error by its code: of PostgreSQL and the system, of Kafka, of HTTP. What no rule knows is transient, so that a mistake of
 * ours costs time and no data.
 */
export function classifyFailure(error: unknown): ClassifiedFailure {
  let unknown = UNKNOWN;
  let current = error;
  for (let depth = 0; depth <= CAUSES_FOLLOWED && current !== undefined; depth += 1) {
    const classified = classifyAlone(current);
    if (classified?.known === true) return classified;
    if (unknown === UNKNOWN && classified !== undefined) unknown = classified;
    current = cluesOf(current).cause;
  }
  return unknown;
}

interface Clues {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly cause?: unknown;
}

function cluesOf(error: unknown): Clues {
  return typeof error === 'object' && error !== null ? error : {};
}

function classifyAlone(error: unknown): ClassifiedFailure | undefined {
  const { name, code, status, statusCode } = cluesOf(error);
  if (name === 'KafkaError' && typeof code === 'string') return byTable(KAFKA_CODES, code) ?? unknownCode(code);
  if (name === 'TimeoutError') return { kind: 'transient', code: 'timeout', known: true };
  return (
    classifyDatabaseFailure(error) ??
    (typeof code === 'string' ? byTable(CALL_CODES, code) : undefined) ??
    classifyHttpStatus(status ?? statusCode) ??
    (typeof code === 'string' ? unknownCode(code) : undefined)
  );
}

function byTable(table: Readonly<Record<string, FailureKind>>, code: string): ClassifiedFailure | undefined {
  const kind = Object.hasOwn(table, code) ? table[code] : undefined;
  return kind === undefined ? undefined : { kind, code, known: true };
}

/** Codes are header and label: what is no short word is none. */
function unknownCode(code: string): ClassifiedFailure {
  return /^[\w.-]{1,64}$/.test(code) ? { ...UNKNOWN, code } : UNKNOWN;
}

/** The answer of a server that refused: a gateway or a server that is away blames no record; what is asked wrongly stays wrong. */
function classifyHttpStatus(status: unknown): ClassifiedFailure | undefined {
  if (typeof status !== 'number' || !Number.isInteger(status) || status < 400 || status > 599) return undefined;
  const code = `http-${status}`;
  if ([502, 503, 504].includes(status)) return { kind: 'unavailable', code, known: true };
  // Too slow, too early, too many, or a fault of the server's own.
  if (status >= 500 || [408, 425, 429].includes(status)) return { kind: 'transient', code, known: true };
  return { kind: 'permanent', code, known: true };
}
