import { HEADERS } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import fc from 'fast-check';
import { deadLetterSources, type DeadLetterSource } from './dead-letter.js';
import { readDeadLetter } from './read-dead-letter.js';
import { redriveRecord } from './redrive-record.js';

const NOW = Date.UTC(2026, 0, 2);
const source = { topic: 'ticketing.dead-letter', consumer: 'ticketing', redelivery: 'ticketing.redelivery' };
const withoutWayBack = { topic: 'dedupe.dead-letter', consumer: 'dedupe', redelivery: undefined };

const record = (changes: Partial<ConsumedRecord> = {}): ConsumedRecord => ({
  topic: source.topic,
  partition: 3,
  offset: 17,
  timestamp: NOW - 1000,
  key: '7:42',
  value: Buffer.from('{}'),
  headers: {},
  ...changes,
});

describe('sources', () => {
  it('are the declared dead-letter topics, with their way back where there is one', () => {
    const topics = ['telegram.updates.raw', 'ticketing.dead-letter', 'ticketing.redelivery', 'dedupe.dead-letter'];
    expect(deadLetterSources(topics.map((name) => ({ name })))).toEqual([source, withoutWayBack]);
  });
});

describe('headers', () => {
  it('of any kind are read into what the database holds', () => {
    const anyText = fc.string({ unit: 'binary', maxLength: 3000 });
    const garbage = fc.dictionary(fc.oneof(fc.constantFrom(...Object.values(HEADERS)), anyText), anyText);
    fc.assert(
      fc.property(garbage, fc.integer(), fc.option(anyText), (headers, timestamp, key) => {
        const { deadLetter } = readDeadLetter(record({ headers, timestamp, key }), source, NOW);
        const { failure, attempts, redriveCount, deadAt, firstFailedAt } = deadLetter;
        const texts = [deadLetter.key, deadLetter.botId, deadLetter.conversation, deadLetter.idempotencyKey];
        for (const text of [...texts, deadLetter.redriveId, ...Object.values(failure)]) {
          expect(text ?? '').not.toContain('\u0000');
          expect((text ?? '').isWellFormed()).toBe(true);
        }
        // What is indexed must fit into a page of a B-tree, whatever its characters weigh.
        for (const text of texts.slice(1)) expect(Buffer.byteLength(text ?? '')).toBeLessThanOrEqual(3 * 512);
        expect(attempts >= 0 && attempts <= 1000 && redriveCount >= 0 && redriveCount <= 1000).toBe(true);
        expect(Date.parse(deadAt)).toBeLessThanOrEqual(NOW + 86_400_000);
        expect(firstFailedAt === null || Date.parse(firstFailedAt) > 0).toBe(true);
        expect(deadLetter.headers).toBe(headers);
      }),
    );
  });

  it('that cannot be believed are named', () => {
    const headers = { attempt: '1e9', 'failure-kind': 'cosmic', traceparent: 'x', 'idempotency-key': 'k' };
    expect([...readDeadLetter(record({ headers }), source, NOW).clamped].sort()).toEqual([
      'attempt',
      'failure-kind',
      'traceparent',
    ]);
  });
});

describe('the identity', () => {
  const idOf = (changes: Partial<ConsumedRecord>, of: DeadLetterSource = source) =>
    readDeadLetter(record(changes), of, NOW).deadLetter.id;
  const headers = { 'idempotency-key': 'k' };

  it('is one for the copies that an outbox publishes, and another after a redrive', () => {
    expect(idOf({ headers, offset: 1 })).toBe(idOf({ headers, offset: 2, timestamp: NOW }));
    expect(idOf({ headers })).not.toBe(idOf({ headers: { ...headers, 'redrive-id': 'r' } }));
    expect(idOf({ headers })).not.toBe(idOf({ headers, value: Buffer.from('other') }));
    expect(idOf({ headers })).not.toBe(idOf({ headers: { 'idempotency-key': 'l' } }));
  });

  it('is the place in the log where no ledger stands behind it', () => {
    const dedupe = withoutWayBack;
    expect(idOf({ headers, offset: 1 }, dedupe)).not.toBe(idOf({ headers, offset: 2 }, dedupe));
    expect(idOf({ headers, offset: 1 }, dedupe)).toBe(idOf({ headers, offset: 1 }, dedupe));
    expect(idOf({ offset: 1 })).not.toBe(idOf({ offset: 2 }));
  });
});

describe('the record of a redrive', () => {
  it('is the dead letter again, without its failure, one redrive further', () => {
    const kept = { 'bot-id': '7', traceparent: 't', 'idempotency-key': 'k', 'origin-topic': 'o', 'x-other': '1' };
    const failure = {
      'failure-kind': 'a',
      'failure-code': 'b',
      'first-failed-at': 'c',
      'due-at': 'd',
      'handler-version': 'e',
      'dead-letter-reason': 'permanent',
    };
    const deadLetter = {
      key: 'k',
      payload: Buffer.from('x'),
      headers: { ...kept, ...failure, attempt: '9' },
      redrivesBefore: 2,
    };
    expect(redriveRecord(deadLetter, 'r-1')).toEqual({
      key: 'k',
      value: Buffer.from('x'),
      headers: { ...kept, attempt: '0', 'redrive-id': 'r-1', 'redrive-count': '3' },
    });
  });
});
