/** Causes of failures. The list is closed: it is a header, a metric label and a ledger reason. */
export const FAILURE_CODES = [
  'malformed-update',
  'unreadable-message',
  'missing-header',
  'another-update',
  'refused-by-database',
  'handler-defect',
  'write-conflict',
  'fault-injected',
] as const;

export type FailureCode = (typeof FAILURE_CODES)[number];

/** Why an update was not handled. What no update is to blame for is thrown instead. */
export interface UpdateFailure {
  /** Whether a later try may succeed. */
  readonly kind: 'permanent' | 'transient';
  readonly code: FailureCode;
  /** In words, without message text. */
  readonly message: string;
  /** False for an error that no table knows: a defect, most likely. */
  readonly known: boolean;
}

export function permanent(code: FailureCode, message: string): UpdateFailure {
  return { kind: 'permanent', code, message, known: true };
}

export function transient(code: FailureCode, message: string): UpdateFailure {
  return { kind: 'transient', code, message, known: true };
}

/** An error that nobody foresaw. It may be our own, mended by the next version, so the update is tried again. */
export function defect(doing: string, error: unknown): UpdateFailure {
  const name = error instanceof Error ? error.name : typeof error;
  return { kind: 'transient', code: 'handler-defect', message: `${doing} failed: ${name}`, known: false };
}
