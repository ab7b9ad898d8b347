import { KAFKA_ERROR_CODES, KafkaError } from '@onceline/kafka';
import { classifyFailure, transactionVerdict } from '@onceline/retry-policy';
import { InjectedOutage } from '../faults/fault-rule.js';
import { describeRefusal } from './failure.js';

const coded = (code: string) => Object.assign(new Error('some words'), { code });

it('an outage that an operator makes is waited for', () => {
  expect(transactionVerdict(new InjectedOutage('f1'))).toBe('wait');
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
