/** The connection under a transaction was lost: what it did is undone, or, if its commit was on the way, unknown. */
export class ConnectionLost extends Error {
  constructor() {
    super('The connection to PostgreSQL was lost.');
    this.name = 'ConnectionLost';
  }
}

/** What the operating system says when the server cannot be reached, or no longer. */
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

/** SQLSTATEs, whole or as a class, that say "not now": the server, not the statement, is to blame. */
const UNAVAILABLE_STATES: readonly string[] = [
  '08', // connection exception
  '53', // insufficient resources: connections (53300), memory, disk
  '57P', // the server shuts down, crashed, or is not up yet
  '57014', // statement timeout: an overloaded server or a lock that is held
  '58', // system error: input or output
  '25006', // read-only: a standby, or a server that is being handed over
  '25P03', // idle-in-transaction timeout ended the session
  '25P04', // transaction timeout
  '55P03', // lock timeout
];

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

interface Failure {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly constraint?: unknown;
  /** Of an AggregateError: one for each address that was tried. */
  readonly errors?: unknown;
}

function asFailure(error: unknown): Failure {
  return typeof error === 'object' && error !== null ? error : {};
}

function isSqlState(code: unknown): code is string {
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && /\d/.test(code);
}

/**
 * Whether PostgreSQL is away, going away, or out of a resource: the same work may succeed later, nothing in it is wrong.
 * The code decides; only errors without one are known by their message.
 */
export function isUnavailable(error: unknown): boolean {
  const { name, code, message, errors } = asFailure(error);
  if (isSqlState(code)) return UNAVAILABLE_STATES.some((state) => code.startsWith(state));
  if (typeof code === 'string') return NETWORK_CODES.has(code);
  if (typeof name === 'string' && LOST_CONNECTION_NAMES.has(name)) return true;
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isUnavailable);
  return typeof message === 'string' && UNAVAILABLE_MESSAGES.some((pattern) => pattern.test(message));
}

/** Whether another transaction got in the way (serialization failure, deadlock): the whole transaction may be tried again at once. */
export function isSerializationConflict(error: unknown): boolean {
  const { code } = asFailure(error);
  return code === '40001' || code === '40P01';
}

/** Whether a unique constraint, the named one if a name is given, was violated. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const failure = asFailure(error);
  return failure.code === '23505' && (constraint === undefined || failure.constraint === constraint);
}
