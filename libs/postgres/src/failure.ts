import { classifyDatabaseFailure } from '@onceline/retry-policy';

/** The connection under a transaction was lost: what it did is undone, or, if its commit was on the way, unknown. */
export class ConnectionLost extends Error {
  constructor() {
    super('The connection to PostgreSQL was lost.');
    this.name = 'ConnectionLost';
  }
}

/** Whether PostgreSQL is away, going away, or out of a resource: the same work may succeed later, nothing in it is wrong. */
export function isUnavailable(error: unknown): boolean {
  return classifyDatabaseFailure(error)?.kind === 'unavailable';
}

/** Whether another transaction got in the way (serialization failure, deadlock): the whole transaction may be tried again at once. */
export function isSerializationConflict(error: unknown): boolean {
  const { code } = cluesOf(error);
  return code === '40001' || code === '40P01';
}

/** Whether a unique constraint, the named one if a name is given, was violated. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  const failure = cluesOf(error);
  return failure.code === '23505' && (constraint === undefined || failure.constraint === constraint);
}

function cluesOf(error: unknown): { readonly code?: unknown; readonly constraint?: unknown } {
  return typeof error === 'object' && error !== null ? error : {};
}
