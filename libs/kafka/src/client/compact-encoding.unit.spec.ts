import fc from 'fast-check';
import { CompactReader, CompactWriter } from './compact-encoding.js';

describe('the flexible encoding', () => {
  it('reads what it has written', () => {
    const value = fc.record({
      short: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
      int: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      text: fc.string({ unit: 'grapheme', maxLength: 400 }),
    });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 200 }), (values) => {
        const writer = new CompactWriter().array(values, (to, { short, int, long, text }) =>
          to.int16(short).int32(int).int64(long).string(text).noTags(),
        );
        const reader = new CompactReader(writer.noTags().bytes());
        const found: unknown[] = [];
        reader.array(() => {
          found.push({ short: reader.int16(), int: reader.int32(), long: reader.int64(), text: reader.string() });
          reader.tags();
        });
        reader.tags();
        expect(found).toEqual(values);
        expect(() => reader.int16()).toThrow(/out of range/);
      }),
    );
  });

  it('has the bytes of the protocol', () => {
    expect(
      new CompactWriter()
        .int8(1)
        .string('ab')
        .array([1], (to, n) => to.int32(n))
        .noTags()
        .bytes()
        .toString('hex'),
    ).toBe('01036162020000000100');
    const reader = new CompactReader(Buffer.from('000105aabb', 'hex'));
    expect(reader.string()).toBeNull();
    expect(() => reader.tags()).toThrow(/out of range/);
  });
});
