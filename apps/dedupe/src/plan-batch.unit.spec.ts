import fc from 'fast-check';
import { HEADERS, decodeSeenRecord, duplicateRecordSchema, type SeenRecord } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import { planBatch } from './plan-batch.js';
import { rawRecord, updateBytes } from './raw-record.spec.js';

const NOW = 1_800_000_000_000;

const plan = (records: readonly ConsumedRecord[], store = new Map<string, SeenRecord>()) =>
  planBatch(records, { committed: (key) => store.get(key), now: NOW, headersOf: ({ headers }) => headers });

describe('planning a batch', () => {
  it('passes a first copy on: same key, the very bytes, its headers and three more', () => {
    const record = rawRecord({
      offset: 7,
      updateId: 500,
      headers: { 'bot-id': '1000001', traceparent: 't', odd: 'x' },
    });
    const { unique, seen, duplicates, deadLetters } = plan([record]);
    const key = 'tg1:1000001:message:77:500:500';
    expect(unique).toEqual([
      {
        key: record.key,
        value: record.value,
        headers: { ...record.headers, 'idempotency-key': key, 'update-kind': 'message', 'raw-offset': '7' },
      },
    ]);
    expect(unique[0]?.value).toBe(record.value);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ key, timestamp: NOW });
    expect(decodeSeenRecord(seen[0]?.value ?? Buffer.of())).toMatchObject({ firstOffset: 7, firstSeenAt: NOW });
    expect([duplicates, deadLetters]).toEqual([[], []]);
  });

  it('records a copy in the same batch against its first', () => {
    const { unique, duplicates } = plan([7, 8].map((offset) => rawRecord({ offset, updateId: 500, partition: 3 })));
    expect(unique).toHaveLength(1);
    expect(duplicates).toHaveLength(1);
    const [duplicate] = duplicates;
    expect(duplicate?.headers).toEqual({
      [HEADERS.botId]: '1000001',
      [HEADERS.idempotencyKey]: 'tg1:1000001:message:77:500:500',
    });
    expect(duplicateRecordSchema.parse(JSON.parse(String(duplicate?.value)))).toEqual({
      schemaVersion: 1,
      idempotencyKey: 'tg1:1000001:message:77:500:500',
      copy: { partition: 3, offset: 8, receivedAt: '2027-01-15T08:00:00.000Z' },
      first: { offset: 7, seenAt: new Date(NOW).toISOString() },
    });
  });

  it('sends a collision to the dead letters whole, with why and where from', () => {
    const other = rawRecord({ offset: 8, updateId: 500, text: 'other words' });
    const { unique, deadLetters, refusals } = plan([rawRecord({ offset: 7, updateId: 500 }), other]);
    expect(unique).toHaveLength(1);
    const key = 'tg1:1000001:message:77:500:500';
    expect(refusals).toEqual([{ record: other, result: 'collision', key, firstOffset: 7 }]);
    expect(deadLetters).toHaveLength(1);
    expect(deadLetters[0]?.value).toBe(other.value);
    expect(deadLetters[0]?.key).toBe(other.key);
    expect(deadLetters[0]?.headers).toEqual({
      ...other.headers,
      'idempotency-key': key,
      'update-kind': 'message',
      'failure-kind': 'permanent',
      'failure-code': 'key-collision',
      'failure-message': 'the key belongs to other bytes at raw offset 7',
      consumer: 'dedupe',
      attempt: '1',
      'first-failed-at': new Date(NOW).toISOString(),
      'origin-topic': 'telegram.updates.raw',
      'origin-partition': '0',
      'origin-offset': '8',
      'origin-timestamp': String(other.timestamp),
    });
    expect(deadLetters[0]?.headers?.['failure-message']).not.toContain('other words');
  });

  it.each([
    ['no value', rawRecord({ offset: 1, updateId: 1, value: null }), 'the record has no value'],
    ['no JSON', rawRecord({ offset: 1, updateId: 1, value: Buffer.from('{') }), 'the body is not JSON'],
    ['no bot', rawRecord({ offset: 1, updateId: 1, headers: {} }), 'the header bot-id is missing'],
    [
      'no bot id',
      rawRecord({ offset: 1, updateId: 1, headers: { 'bot-id': '1:2' } }),
      'the header bot-id is no bot id',
    ],
    [
      'a name for a bot id',
      rawRecord({ offset: 1, updateId: 1, headers: { 'bot-id': 'bot_1' } }),
      'the header bot-id is no bot id',
    ],
  ])('isolates a record with %s: it is a dead letter, its neighbours go through', (_, bad, message) => {
    const { unique, deadLetters, counts } = plan([
      rawRecord({ offset: 0, updateId: 10 }),
      bad,
      rawRecord({ offset: 2, updateId: 12 }),
    ]);
    expect(unique).toHaveLength(2);
    expect(deadLetters).toHaveLength(1);
    expect(deadLetters[0]).toMatchObject({ key: bad.key, value: bad.value });
    expect(deadLetters[0]?.headers).toMatchObject({ 'failure-code': 'malformed-update', 'failure-message': message });
    expect(counts).toEqual({ first: 2, duplicate: 0, collision: 0, unreadable: 1, replay: 0 });
  });

  it('takes the record time when received-at is missing or no time', () => {
    const copies = [undefined, 'yesterday'].map((at, index) =>
      rawRecord({
        offset: index,
        updateId: 1,
        headers: { [HEADERS.botId]: '1', ...(at === undefined ? {} : { [HEADERS.receivedAt]: at }) },
      }),
    );
    const { duplicates } = plan([...copies, { ...copies[1], offset: 9 } as ConsumedRecord]);
    for (const { value } of duplicates) {
      expect(JSON.parse(String(value))).toMatchObject({ copy: { receivedAt: '2027-01-15T08:00:00.000Z' } });
    }
    expect(duplicates).toHaveLength(2);
  });

  it('bounds the kind in the header, whatever the update calls it', () => {
    const value = Buffer.from(JSON.stringify({ update_id: 1, ['ü'.repeat(100_000)]: {} }));
    const [record] = plan([rawRecord({ offset: 1, updateId: 1, value })]).unique;
    expect(record?.headers?.[HEADERS.updateKind]).toMatch(/^[\x21-\x7e]{1,130}$/);
  });

  it('books every record exactly once, wherever a log is cut', () => {
    const entry = fc.record({ updateId: fc.nat({ max: 8 }), text: fc.constantFrom('a', 'b'), bad: fc.boolean() });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 80 }), fc.nat({ max: 80 }), (entries, cut) => {
        const log = entries.map(({ updateId, text, bad }, offset) =>
          rawRecord({ offset, updateId, value: bad ? Buffer.from('no') : updateBytes(updateId, text) }),
        );
        const store = new Map<string, SeenRecord>();
        const plans = [log.slice(0, cut), log.slice(cut)].map((part) => {
          const made = plan(part, store);
          for (const [key, first] of made.firsts) store.set(key, first);
          return made;
        });
        const count = (field: 'unique' | 'duplicates' | 'deadLetters' | 'seen') =>
          plans.reduce((sum, made) => sum + made[field].length, 0);
        expect(count('unique') + count('duplicates') + count('deadLetters')).toBe(log.length);
        const updates = entries.filter(({ bad }) => !bad).map(({ updateId }) => updateId);
        expect(count('unique')).toBe(new Set(updates).size);
        expect(count('seen')).toBe(count('unique'));
      }),
    );
  });
});
