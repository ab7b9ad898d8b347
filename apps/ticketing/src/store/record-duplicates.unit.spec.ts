import { uniqueRecord } from './fixtures.spec.js';
import { readDuplicate } from './record-duplicates.js';

const good = {
  schemaVersion: 1,
  idempotencyKey: 'tg1:7:message:1:1:1',
  copy: { partition: 2, offset: 9, receivedAt: '2026-01-01T00:00:01.000Z' },
  first: { offset: 4, seenAt: '2026-01-01T00:00:00.000Z' },
};

it('a refused copy is read with its bot', () => {
  expect(readDuplicate(uniqueRecord(good))).toEqual({ ...good, botId: '7' });
});

it.each([
  ['no JSON', uniqueRecord({}, { value: Buffer.from('{') })],
  ['a tombstone', uniqueRecord({}, { value: null })],
  ['another version', uniqueRecord({ ...good, schemaVersion: 2 })],
  ['no time', uniqueRecord({ ...good, copy: { ...good.copy, receivedAt: 'yesterday' } })],
  [
    'a year that PostgreSQL writes otherwise',
    uniqueRecord({ ...good, first: { offset: 1, seenAt: '+020000-01-01T00:00:00Z' } }),
  ],
  ['a partition that is none', uniqueRecord({ ...good, copy: { ...good.copy, partition: 2 ** 31 } })],
  [
    'the year 0, which PostgreSQL does not have',
    uniqueRecord({ ...good, copy: { ...good.copy, receivedAt: '0000-01-01T00:00:00Z' } }),
  ],
  ['a key that is short in characters only', uniqueRecord({ ...good, idempotencyKey: '\u4e00'.repeat(1000) })],
  ['a key too long for an index', uniqueRecord({ ...good, idempotencyKey: 'k'.repeat(2000) })],
])('%s is not read, and no exception', (_, record) => {
  expect(readDuplicate(record)).toBeUndefined();
});

it('a day that Date alone knows is stored as the day that it means', () => {
  const read = readDuplicate(uniqueRecord({ ...good, first: { offset: 4, seenAt: '2026-02-30T00:00:00Z' } }));
  expect(read?.first.seenAt).toBe('2026-03-02T00:00:00.000Z');
});
