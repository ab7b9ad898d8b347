import fc from 'fast-check';
import { decodePosition, encodePosition, isBefore, type Position } from './position.js';

const LARGEST = 2n ** 63n - 1n;
const number = fc.bigInt({ min: 0n, max: LARGEST });
const position = fc.record<Position>({ txId: number, id: number });
const encoded = (text: string) => Buffer.from(text).toString('base64url');

it('comes back as it was given out', () => {
  fc.assert(fc.property(position, (given) => expect(decodePosition(encodePosition(given))).toEqual(given)));
});

it.each([
  '',
  'abc',
  encoded('7'),
  encoded('7-'),
  encoded('-7-1'),
  encoded('7-1-1'),
  encoded('7-1\n'),
  encoded(`${LARGEST + 1n}-1`),
  encoded(`1-${LARGEST + 1n}`),
  encoded('["7","1"]'),
])('%j is none of ours', (text) => {
  expect(decodePosition(text)).toBeUndefined();
});

it('no text is a failure', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void decodePosition(text)));
});

it('one of two different ones is before the other, by the transaction first', () => {
  fc.assert(
    fc.property(position, position, (left, right) => {
      const isSame = left.txId === right.txId && left.id === right.id;
      expect([isBefore(left, right), isBefore(right, left)].filter(Boolean)).toHaveLength(isSame ? 0 : 1);
      if (left.txId < right.txId) expect(isBefore(left, right)).toBe(true);
    }),
  );
});
