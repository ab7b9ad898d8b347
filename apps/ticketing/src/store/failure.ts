import { classifyDatabaseFailure } from '@onceline/retry-policy';

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
