import fc from 'fast-check';
import { fingerprintOf } from './fingerprint.js';

const failure = { kind: 'transient', code: 'XX000', message: 'row 17 of "orders" failed', handlerVersion: '1.2.0' };
const withMessage = (message: string) => fingerprintOf({ ...failure, message });

describe('a fingerprint', () => {
  it.each([
    ['row 17 of "orders" failed', 'row 4 of "tickets" failed'],
    ['fault f_62edabfb-42ee-4369-ac7d-855d86f304c3', 'fault f_9ed9feb0-d647-451f-b8e1-7835e46662c5'],
    ['chat -100123: no such user', 'chat 42: No  such user'],
    ["key 'a'", "key 'something longer'"],
  ])('is the same for %j and %j', (one, other) => {
    expect(withMessage(one)).toBe(withMessage(other));
  });

  it('tells kinds, codes, words and versions apart', () => {
    const others = [
      { kind: 'permanent' },
      { code: 'XX001' },
      { message: 'row 17 is locked' },
      { handlerVersion: '1.3.0' },
    ];
    const all = [failure, ...others.map((change) => ({ ...failure, ...change }))].map(fingerprintOf);
    expect(new Set(all).size).toBe(all.length);
  });

  it('does not depend on numbers, ids and quoted values, wherever they stand', () => {
    const word = fc.stringMatching(/^[a-z]{1,8}$/);
    const value = fc.oneof(
      fc.nat().map(String),
      fc.uuid(),
      fc.stringMatching(/^[^"]{0,20}$/).map((text) => `"${text}"`),
    );
    // An id is known by a digit in it.
    const known = value.filter((text) => text.startsWith('"') || /\d/.test(text));
    fc.assert(
      fc.property(fc.array(fc.tuple(word, known, known), { minLength: 1, maxLength: 6 }), (parts) => {
        const one = parts.map(([text, first]) => `${text} ${first}`).join(' ');
        const other = parts.map(([text, , second]) => `${text} ${second}`).join(' ');
        expect(withMessage(one)).toBe(withMessage(other));
      }),
    );
  });

  it('is short text for any failure, however strange or long', () => {
    const text = fc.string({ unit: 'binary', maxLength: 1024 });
    fc.assert(
      fc.property(text, text, text, text, (kind, code, message, handlerVersion) => {
        expect(fingerprintOf({ kind, code, message, handlerVersion })).toMatch(/^[0-9a-f]{16}$/);
      }),
    );
  });
});
