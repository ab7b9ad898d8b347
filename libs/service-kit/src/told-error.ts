/** An error as a line of the log has it. */
export interface ToldError {
  readonly type: string;
  readonly message: string;
  /** SQLSTATE, name of a system error, or whatever else the thrower calls its kind. */
  readonly code?: string;
  /** Where it was thrown. */
  readonly stack?: string;
  readonly cause?: ToldError;
  readonly errors?: readonly ToldError[];
}

const DEEPEST = 5;
/** Data exceptions quote the value that the database did not like. */
const QUOTES_DATA = /^22[0-9A-Z]{3}$/;

/**
 * What an error is and where it was thrown, and nothing that it carries: an error of the database brings the parameters of its statement
 * and the row along, which may be a customer's words.
 */
export function toldError(error: unknown, depth = 0): ToldError {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  const told = {
    type: error.constructor.name,
    message: typeof code === 'string' && QUOTES_DATA.test(code) ? 'the database did not take a value' : error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    ...(error.stack === undefined ? {} : { stack: placesIn(error.stack) }),
  };
  if (depth >= DEEPEST) return told;
  return {
    ...told,
    ...(error.cause === undefined ? {} : { cause: toldError(error.cause, depth + 1) }),
    ...(Array.isArray(errors) ? { errors: errors.map((each) => toldError(each, depth + 1)) } : {}),
  };
}

/** Without the message, which stands before the places. */
function placesIn(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n');
}
