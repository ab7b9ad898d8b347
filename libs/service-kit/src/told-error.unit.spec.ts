import { NestLogger, type Logger } from './logger.js';
import { toldError } from './told-error.js';

const WORDS = 'words of a customer';

it('tells what an error is, where it was thrown, and what caused it', () => {
  const cause = Object.assign(new TypeError('fetch failed'), { code: 'ECONNREFUSED' });
  const told = toldError(new Error('ticketing does not answer', { cause }));
  expect(told).toMatchObject({
    ...{ type: 'Error', message: 'ticketing does not answer' },
    cause: { type: 'TypeError', message: 'fetch failed', code: 'ECONNREFUSED' },
  });
  expect(told.stack).toMatch(/^ {4}at .*told-error/);
});

it('tells each of several', () => {
  const errors = [new Error('first'), new Error('second')];
  expect(toldError(new AggregateError(errors, 'both'))).toMatchObject({
    errors: [{ message: 'first' }, { message: 'second' }],
  });
});

it('leaves out what it carries', () => {
  const carried = {
    code: '42501',
    parameters: [WORDS],
    query: `insert ${WORDS}`,
    detail: WORDS,
    driverError: { WORDS },
  };
  const told = toldError(Object.assign(new Error('permission denied for table t'), carried));
  expect(told).toMatchObject({ code: '42501', message: 'permission denied for table t' });
  expect(JSON.stringify(told)).not.toContain(WORDS);
});

it('leaves out a message that quotes data, also where it is the cause', () => {
  const cause = Object.assign(new Error(`invalid input syntax for type json: "${WORDS}"`), { code: '22P02' });
  const told = toldError(new Error('not stored', { cause }));
  expect(told.cause).toMatchObject({ code: '22P02', message: 'the database did not take a value' });
  expect(JSON.stringify(told)).not.toContain(WORDS);
});

it('ends with a cause that is its own', () => {
  const error = new Error('round');
  error.cause = error;
  expect(JSON.stringify(toldError(error)).length).toBeGreaterThan(0);
});

it('takes what is no error for what it says', () => {
  expect(toldError('text')).toEqual({ type: 'string', message: 'text' });
});

it("leaves it out of Nest's own lines as well", () => {
  const lines: unknown[] = [];
  const logger = { error: (...line: unknown[]) => lines.push(line) };
  new NestLogger(logger as unknown as Logger).error(
    Object.assign(new Error(WORDS), { code: '22P02' }),
    'ExceptionsHandler',
  );
  expect(lines).toMatchObject([[{ nest: 'ExceptionsHandler' }, 'the database did not take a value']]);
});
