import type { ClassifiedFailure } from './classified-failure.js';
import type { FailureKind } from './next-hop.js';
import { tlsTrouble } from './tls-failure.js';

/** SQLSTATEs, whole or as a class; the longest that fits decides. Those that are not here, no rule knows. */
const SQL_STATES: Readonly<Record<string, FailureKind>> = {
  '08': 'unavailable', // connection exception
  '53': 'unavailable', // insufficient resources: connections (53300), memory, disk
  '57P': 'unavailable', // the server shuts down, crashed, or is not up yet
  '57014': 'unavailable', // statement timeout: an overloaded server or a lock that is held
  '58': 'unavailable', // system error: input or output
  '25006': 'unavailable', // read-only: a standby, or a server that is being handed over
  '25P03': 'unavailable', // idle-in-transaction timeout ended the session
  '25P04': 'unavailable', // transaction timeout
  '55P03': 'unavailable', // lock timeout
  '40001': 'transient', // serialization failure
  '40P01': 'transient', // deadlock
  '23505': 'transient', // a unique key taken: somebody was faster, and reading again shows it
  '22': 'permanent', // data exception
  '23': 'permanent', // integrity violation
  '54': 'permanent', // program limit exceeded
};

/** What the operating system says when a server cannot be reached, or no longer. */
const NETWORK_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

// These errors of pg and pg-pool carry no code.
const UNAVAILABLE_MESSAGES: readonly RegExp[] = [
  /^timeout exceeded when trying to connect$/,
  /^timeout expired$/,
  /^Connection terminated/,
  /^Client has encountered a connection error and is not queryable$/,
  /^Client was closed and is not queryable$/,
  /^Query read timeout$/,
];

// TypeORM lets a transaction go when its connection breaks; the next statement of it meets this error.
const LOST_CONNECTION_NAMES: ReadonlySet<string> = new Set(['ConnectionLost', 'QueryRunnerAlreadyReleasedError']);

const CONNECTION_LOST: ClassifiedFailure = { kind: 'unavailable', code: 'connection-lost', known: true };

interface Clues {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  /** Of an AggregateError: one for each address that was tried. */
  readonly errors?: unknown;
}

/**
 * Sorts an error of PostgreSQL, its client or the network under it; undefined when it comes from nowhere there. The code decides:
 * only errors without one are known by their message, for the text may be a user's.
 */
export function classifyDatabaseFailure(error: unknown): ClassifiedFailure | undefined {
  const { name, code, message, errors }: Clues = typeof error === 'object' && error !== null ? error : {};
  const tls = tlsTrouble(error);
  if (tls !== undefined) return { kind: 'unavailable', code: `tls-${tls}`, known: true };
  if (typeof code === 'string') return classifyCode(code);
  if (typeof name === 'string' && LOST_CONNECTION_NAMES.has(name)) return CONNECTION_LOST;
  if (Array.isArray(errors) && errors.length > 0) return unavailableAltogether(errors);
  const isKnown = typeof message === 'string' && UNAVAILABLE_MESSAGES.some((pattern) => pattern.test(message));
  return isKnown ? CONNECTION_LOST : undefined;
}

/** What a transaction that failed asks for. */
export type TransactionVerdict =
  /** Somebody else wrote at the same time: read again, decide again. */
  | 'conflict'
  /** The database refuses the content: one of the records can never be stored. */
  | 'record'
  /** The database is away, or not in a state to take anything: wait. No record is to blame. */
  | 'wait'
  /** No answer of the database at all: a defect of ours. */
  | 'defect';

/** What the table says to the error of a transaction. What is not known to be about a record is never blamed on it. */
export function transactionVerdict(error: unknown): TransactionVerdict {
  const failure = classifyDatabaseFailure(error);
  switch (failure?.kind) {
    case undefined:
      return 'defect';
    case 'unavailable':
      return 'wait';
    case 'permanent':
      return 'record';
    case 'transient':
      return failure?.known ? 'conflict' : 'wait';
  }
}

function classifyCode(code: string): ClassifiedFailure | undefined {
  if (NETWORK_CODES.has(code)) return { kind: 'unavailable', code, known: true };
  if (!/^[0-9A-Z]{5}$/.test(code)) return undefined;
  for (let length = code.length; length > 1; length -= 1) {
    const kind = SQL_STATES[code.slice(0, length)];
    if (kind !== undefined) return { kind, code, known: true };
  }
  return { kind: 'transient', code, known: false };
}

function unavailableAltogether(errors: readonly unknown[]): ClassifiedFailure | undefined {
  const each = errors.map(classifyDatabaseFailure);
  return each.every((one) => one?.kind === 'unavailable') ? each[0] : undefined;
}
