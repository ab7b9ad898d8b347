import fc from 'fast-check';
import { duplicateRecordSchema } from './duplicate-record.js';

const time = fc
  .date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((at) => at.toISOString());
const record = fc.record({
  schemaVersion: fc.constant(1 as const),
  idempotencyKey: fc.string({ minLength: 1 }),
  copy: fc.record({ partition: fc.nat(), offset: fc.maxSafeNat(), receivedAt: time }),
  first: fc.record({ offset: fc.maxSafeNat(), seenAt: time }),
});

describe('duplicate record', () => {
  it('reads back what was written', () => {
    fc.assert(
      fc.property(record, (duplicate) => {
        expect(duplicateRecordSchema.parse(JSON.parse(JSON.stringify(duplicate)))).toEqual(duplicate);
      }),
    );
  });

  it('passes fields of later versions of the same schema through', () => {
    fc.assert(
      fc.property(record, fc.string(), (duplicate, note) => {
        expect(duplicateRecordSchema.parse({ ...duplicate, note })).toEqual({ ...duplicate, note });
      }),
    );
  });

  it.each(['schemaVersion', 'idempotencyKey', 'copy', 'first'])('is none without %s', (field) => {
    const [whole] = fc.sample(record, 1);
    expect(duplicateRecordSchema.safeParse({ ...whole, [field]: undefined }).success).toBe(false);
  });
});
