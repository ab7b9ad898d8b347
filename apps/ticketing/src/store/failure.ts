import { classifyDatabaseFailure } from '@onceline/retry-policy';
import { InjectedOutage } from '../faults/fault-rule.js';

/** What a failed transaction asks for. */
export type FailureKind =
  /** Somebody else wrote at the same time: read again, decide again. */
  | 'conflict'
  /** The database refuses the content: one of the records can never be stored. */
  | 'record'
  /** The database is away, or not in a state to take anything: wait. No record is to blame. */
  | 'wait'
  /** No answer of the database at all: a defect of ours. */
  | 'defect';

/** Sorts an error by its SQLSTATE. What is not known to be about the record is never blamed on it. */
export function failureKind(error: unknown): FailureKind {
  if (error instanceof InjectedOutage) return 'wait';
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

/** The error in words that hold no value: PostgreSQL repeats contents in its messages. */
export function describeRefusal(error: unknown): string {
  const { constraint, table } = error as { constraint?: unknown; table?: unknown };
  const at = [
    typeof constraint === 'string' ? `constraint ${constraint}` : '',
    typeof table === 'string' ? `table ${table}` : '',
  ].filter((part) => part !== '');
  const place = at.length === 0 ? '' : ` (${at.join(', ')})`;
  return `the database refused the record: SQLSTATE ${classifyDatabaseFailure(error)?.code ?? 'unknown'}${place}`;
}
