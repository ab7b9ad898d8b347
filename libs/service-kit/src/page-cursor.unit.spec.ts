import fc from 'fast-check';
import { z } from 'zod';
import { decodeCursor, encodeCursor, pageOf } from './page-cursor.js';
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

describe('a page', () => {
  const rows = (count: number) => Array.from({ length: count }, (_, at) => ({ at: at + 1 }));
  const page = (count: number, limit: number) =>
    pageOf(
      rows(count),
      limit,
      ({ at }) => `row ${at}`,
      ({ at }) => [at],
    );

  it('shows up to the limit, and goes on behind the last row shown', () => {
    expect(page(3, 2)).toEqual({ items: ['row 1', 'row 2'], nextCursor: encodeCursor([2]) });
  });

  it('is the last one when nothing is left', () => {
    expect(page(2, 2)).toEqual({ items: ['row 1', 'row 2'], nextCursor: null });
    expect(page(0, 2)).toEqual({ items: [], nextCursor: null });
  });

  it('follows page for page to every row once', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.integer({ min: 1, max: 7 }), (count, limit) => {
        const seen: number[] = [];
        for (let after: number | undefined = 0; after !== undefined;) {
          const behind = rows(count).filter(({ at }) => at > after!);
          const { items, nextCursor } = pageOf(
            behind.slice(0, limit + 1),
            limit,
            ({ at }) => at,
            ({ at }) => at,
          );
          seen.push(...items);
          after = nextCursor === null ? undefined : decodeCursor(z.int(), nextCursor);
        }
        expect(seen).toEqual(rows(count).map(({ at }) => at));
      }),
    );
  });
});
