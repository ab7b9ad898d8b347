import { InjectedOutage } from '../faults/fault-rule.js';
import { isSerializationConflict, isUnavailable, isUniqueViolation } from '@onceline/postgres';

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

/** data exception, integrity violation, program limit exceeded: they are about values */
const ABOUT_THE_RECORD = /^(22|23|54)/;

/** Sorts an error by its SQLSTATE. What is not known to be about the record is never blamed on it. */
export function failureKind(error: unknown): FailureKind {
  if (isUnavailable(error) || error instanceof InjectedOutage) return 'wait';
  // A unique key taken means that another instance was faster, as a claim that came too late does.
  if (isSerializationConflict(error) || isUniqueViolation(error)) return 'conflict';
  const code = sqlState(error);
  if (code === undefined) return 'defect';
  return ABOUT_THE_RECORD.test(code) ? 'record' : 'wait';
}

/** The error in words that hold no value: PostgreSQL repeats contents in its messages. */
export function describeRefusal(error: unknown): string {
  const { constraint, table } = error as { constraint?: unknown; table?: unknown };
  const at = [
    typeof constraint === 'string' ? `constraint ${constraint}` : '',
    typeof table === 'string' ? `table ${table}` : '',
  ].filter((part) => part !== '');
  const place = at.length === 0 ? '' : ` (${at.join(', ')})`;
  return `the database refused the record: SQLSTATE ${sqlState(error) ?? 'unknown'}${place}`;
}

function sqlState(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}
