import fc from 'fast-check';
import { decodeSeenRecord, encodeSeenRecord } from './seen-record.js';

const hash = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => value.toString(16).padStart(16, '0'));

describe('seen record', () => {
  it('reads back what was written', () => {
    fc.assert(
      fc.property(
        hash,
        fc.maxSafeNat(),
        fc.maxSafeInteger().map((n) => Math.abs(n) % 8.64e15),
        (payloadHash, firstOffset, firstSeenAt) => {
          const record = { payloadHash, firstOffset, firstSeenAt };
          expect(decodeSeenRecord(encodeSeenRecord(record))).toEqual(record);
        },
      ),
    );
  });

  it('is readable text, pinned for ever', () => {
    const record = { payloadHash: '00ff00ff00ff00ff', firstOffset: 12, firstSeenAt: 1700000000000 };
    expect(encodeSeenRecord(record).toString()).toBe('1 00ff00ff00ff00ff 12 1700000000000');
  });

  it.each([
    '',
    '2 00ff00ff00ff00ff 12 17',
    '1 00ff 12 17',
    '1 00ff00ff00ff00ff 12',
    '1 00ff00ff00ff00ff  17',
    '1 00ff00ff00ff00ff -1 17',
    '1 00ff00ff00ff00ff 1.5 17',
    '1 00ff00ff00ff00ff 0x10 17',
    '1 not-hexadecimal! 12 17',
    '1 00ff00ff00ff00ff 12 17 more',
    '1 00ff00ff00ff00ff 12 9007199254740993',
    '1 00ff00ff00ff00ff 12 8640000000000001',
  ])('refuses "%s" and says what it was', (text) => {
    expect(() => decodeSeenRecord(Buffer.from(text))).toThrow('not a seen record of version 1');
  });

  it('never takes other bytes for a record', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(() => decodeSeenRecord(Buffer.from(bytes))).toThrow();
      }),
    );
  });
});
