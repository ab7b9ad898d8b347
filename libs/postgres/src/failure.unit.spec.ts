import { QueryFailedError, QueryRunnerAlreadyReleasedError } from 'typeorm';
import { ConnectionLost, isSerializationConflict, isUnavailable, isUniqueViolation } from './failure.js';

function coded(code: string, message = 'some words'): Error {
  return Object.assign(new Error(message), { code });
}

describe('isUnavailable', () => {
  it.each([
    ['connection refused', coded('ECONNREFUSED')],
    ['connection reset', coded('ECONNRESET')],
    ['broken pipe: five letters, and no SQLSTATE', coded('EPIPE')],
    ['unknown host', coded('ENOTFOUND')],
    ['name service away', coded('EAI_AGAIN')],
    ['connection exception', coded('08006')],
    ['protocol violation', coded('08P01')],
    ['too many connections', coded('53300')],
    ['disk full', coded('53100')],
    ['admin shutdown', coded('57P01')],
    ['crash shutdown', coded('57P02')],
    ['cannot connect now', coded('57P03')],
    ['database dropped', coded('57P04')],
    ['idle session timeout', coded('57P05')],
    ['statement timeout', coded('57014')],
    ['read-only after a failover', coded('25006')],
    ['idle in transaction', coded('25P03')],
    ['lock timeout', coded('55P03')],
    ['I/O error', coded('58030')],
    ['pool timeout', new Error('timeout exceeded when trying to connect')],
    ['connect timeout', new Error('timeout expired')],
    ['connection cut', new Error('Connection terminated unexpectedly')],
    ['connect timeout of the pool', new Error('Connection terminated due to connection timeout')],
    ['broken client', new Error('Client has encountered a connection error and is not queryable')],
    ['no answer', new Error('Query read timeout')],
    ['a released runner', new QueryRunnerAlreadyReleasedError()],
    ['a lost transaction', new ConnectionLost()],
    ['both addresses of a name refused', new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')])],
    ['wrapped by TypeORM', new QueryFailedError('select 1', [], coded('57P01'))],
    ['wrapped, without a code', new QueryFailedError('select 1', [], new Error('Connection terminated unexpectedly'))],
  ])('%s: yes', (_, error) => {
    expect(isUnavailable(error)).toBe(true);
  });

  it.each([
    ['unique violation', coded('23505')],
    ['not-null violation', coded('23502')],
    ['invalid text', coded('22P02')],
    ['serialization failure', coded('40001')],
    ['deadlock', coded('40P01')],
    ['undefined table', coded('42P01')],
    ['wrong password', coded('28P01')],
    ['missing database', coded('3D000')],
    ['failed transaction', coded('25P02')],
    // The code decides: the text may be a user's.
    ['a code, whatever the words', coded('22001', 'Connection terminated unexpectedly')],
    ['words inside other words', new Error('he said: Connection terminated')],
    ['a file that is missing', coded('ENOENT')],
    ['a defect', new TypeError('x is not a function')],
    ['one of several is something else', new AggregateError([coded('ECONNREFUSED'), coded('ENOENT')])],
    ['an empty aggregate', new AggregateError([])],
    ['a string', 'ECONNREFUSED'],
    ['null', null],
    ['undefined', undefined],
  ])('%s: no', (_, error) => {
    expect(isUnavailable(error)).toBe(false);
  });
});

describe('isSerializationConflict', () => {
  it.each([
    ['40001', true],
    ['40P01', true],
    ['40002', false],
    ['23505', false],
  ])('%s: %s', (code, expected) => {
    expect(isSerializationConflict(coded(code))).toBe(expected);
    expect(isSerializationConflict(new QueryFailedError('select 1', [], coded(code)))).toBe(expected);
  });
});

describe('isUniqueViolation', () => {
  const violation = Object.assign(coded('23505'), { constraint: 'inbox_pkey' });

  it.each([
    ['any constraint', violation, undefined, true],
    ['the one asked for', violation, 'inbox_pkey', true],
    ['another one', violation, 'ticket_pkey', false],
    ['wrapped by TypeORM', new QueryFailedError('insert', [], violation), 'inbox_pkey', true],
    ['another error', coded('23503'), undefined, false],
    ['no error', undefined, undefined, false],
  ])('%s', (_, error, constraint, expected) => {
    expect(isUniqueViolation(error, constraint)).toBe(expected);
  });
});
