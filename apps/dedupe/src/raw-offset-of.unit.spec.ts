import { TOPICS } from '@onceline/contracts';
import type { OutgoingRecord } from '@onceline/kafka';
import { rawOffsetOf } from './raw-offset-of.js';
import { isUnreadable, readCopy } from './read-copy.js';
import { updateBytes } from './raw-record.spec.js';
import { collisionRecord, duplicateRecord, seenRecord, uniqueRecord, unreadableRecord } from './write-records.js';

const raw = {
  topic: TOPICS.raw,
  partition: 1,
  offset: 4711,
  timestamp: 1e12,
  key: 'k',
  value: updateBytes(7),
  headers: { 'bot-id': '1000001' },
};
const copy = readCopy(raw);
if (isUnreadable(copy)) throw new Error(copy.unreadable);
const first = { payloadHash: copy.payloadHash, firstOffset: 12, firstSeenAt: 1e12 };
const read = (topic: string, { key, value, headers = {} }: OutgoingRecord) =>
  rawOffsetOf({ topic, partition: 1, offset: 3, timestamp: 1e12, key, value, headers });

describe('the place in raw that an output record tells', () => {
  it('is that of the record it was made of', () => {
    expect(read(TOPICS.unique, uniqueRecord(copy, {}))).toBe(4711);
    expect(read(TOPICS.seen, seenRecord(copy.key, { ...first, firstOffset: 4711 }))).toBe(4711);
    expect(read(TOPICS.duplicates, duplicateRecord(copy, first))).toBe(4711);
    expect(read(TOPICS.dedupeDeadLetter, collisionRecord(copy, first, {}, 1e12))).toBe(4711);
    expect(read(TOPICS.dedupeDeadLetter, unreadableRecord({ record: raw, unreadable: 'x' }, {}, 1e12))).toBe(4711);
  });

  it.each([TOPICS.unique, TOPICS.seen, TOPICS.duplicates, TOPICS.dedupeDeadLetter])(
    'is unknown in garbage: %s',
    (topic) => {
      for (const value of [null, Buffer.alloc(0), Buffer.from('{}'), Buffer.from('1 x')])
        for (const text of ['', '-1', '1.5', 'x', '9'.repeat(30)]) {
          const headers = text === '' ? {} : { 'raw-offset': text, 'origin-offset': text };
          expect(read(topic, { key: 'k', value, headers })).toBeUndefined();
        }
    },
  );
});
