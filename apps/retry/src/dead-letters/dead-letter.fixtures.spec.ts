import type { DeadLetter, DeadLetterSource } from './dead-letter.js';
import { readDeadLetter } from './read-dead-letter.js';

export const SOURCE: DeadLetterSource = {
  topic: 'ticketing.dead-letter',
  consumer: 'ticketing',
  redelivery: 'ticketing.redelivery',
};

let offset = 0;

/** A dead letter as the index reads it, one record further each time. */
export function deadLetterOf(headers: Readonly<Record<string, string>>): DeadLetter {
  const failure = { 'bot-id': '7', 'failure-kind': 'permanent', 'failure-code': 'broken' };
  const record = {
    topic: SOURCE.topic,
    partition: 0,
    offset: offset++,
    timestamp: Date.now(),
    key: '7:1',
    value: Buffer.from('{}'),
    headers: { ...failure, ...headers },
  };
  return readDeadLetter(record, SOURCE, Date.now()).deadLetter;
}
