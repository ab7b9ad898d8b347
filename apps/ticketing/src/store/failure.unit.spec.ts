import { KAFKA_ERROR_CODES, KafkaError } from '@onceline/kafka';
import { classifyFailure } from '@onceline/retry-policy';
import fc from 'fast-check';
import { InjectedOutage } from '../faults/fault-rule.js';
import { describeRefusal, failureKind } from './failure.js';

const coded = (code: string) => Object.assign(new Error('some words'), { code });

it.each([
  ['57P01', 'wait'],
  ['53300', 'wait'],
  ['ECONNREFUSED', 'wait'],
  ['EPERM', 'wait'],
  ['40001', 'conflict'],
  ['40P01', 'conflict'],
  ['23505', 'conflict'],
  ['23502', 'record'],
  ['22P02', 'record'],
  ['54000', 'record'],
  ['42P01', 'wait'],
  ['25P02', 'wait'],
  ['28P01', 'wait'],
  ['XX000', 'wait'],
  ['ENOENT', 'defect'],
  ['unavailable', 'defect'],
])('%s: %s', (code, kind) => {
  expect(failureKind(coded(code))).toBe(kind);
});

it('an outage that an operator makes is waited for; what is no answer of the database is a defect', () => {
  expect(failureKind(new InjectedOutage('f1'))).toBe('wait');
  for (const error of [new TypeError('no'), undefined, null, 'text', { status: 503 }]) {
    expect(failureKind(error)).toBe('defect');
  }
});

it('a record is to blame only for the three classes that are about values', () => {
  const state = fc.stringMatching(/^[0-9A-Z]{5}$/);
  fc.assert(
    fc.property(state, (code) => {
      const isAboutValues = /^(22|23|54)/.test(code) && code !== '23505';
      expect(failureKind(coded(code)) === 'record').toBe(isAboutValues);
    }),
  );
});

it('a refusal is told without the values', () => {
  const error = Object.assign(coded('23502'), { constraint: 'c', table: 't', detail: 'Failing row contains (secret)' });
  expect(describeRefusal(error)).toBe('the database refused the record: SQLSTATE 23502 (constraint c, table t)');
});

it('every code of Kafka has its rule, except the one for whatever else; what may be retried is never final', () => {
  for (const code of KAFKA_ERROR_CODES) {
    const error = new KafkaError(code, 'words');
    const { kind, known } = classifyFailure(error);
    expect([code, known]).toEqual([code, code !== 'client']);
    if (error.canRetry) expect([code, kind]).not.toEqual([code, 'permanent']);
  }
});
