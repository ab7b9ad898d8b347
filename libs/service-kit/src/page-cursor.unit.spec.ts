import fc from 'fast-check';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from './page-cursor.js';
import { Problem } from './problem.js';

const position = z.object({ at: z.string(), id: z.int() });

describe('cursor', () => {
  it('comes back as it was, and is safe in an address', () => {
    fc.assert(
      fc.property(fc.record({ at: fc.string(), id: fc.maxSafeInteger() }), (value) => {
        const cursor = encodeCursor(value);
        expect(encodeURIComponent(cursor)).toBe(cursor);
        expect(decodeCursor(position, cursor)).toEqual(value);
      }),
    );
  });

  it('is refused with a problem when it was forged', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json().map((json) => Buffer.from(json).toString('base64url')),
        ),
        (text) => {
          try {
            const value = decodeCursor(position, text);
            expect(position.safeParse(value).success).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(Problem);
            expect((error as Problem).body()).toMatchObject({ status: 400, field: 'query.cursor' });
          }
        },
      ),
    );
    expect(() => decodeCursor(position, 'bm9uc2Vuc2U')).toThrow('query.cursor is not a cursor of this list.');
  });
});
