import { z } from 'zod';

/** Items in a page. */
export const pageLimit = z
  .string()
  .regex(/^([1-9]\d?|100)$/, 'must be a whole number from 1 to 100')
  .transform(Number)
  .prefault('50')
  .describe('items in a page, from 1 to 100');

/** Where the page begins; @param longest characters that a cursor of this API may have */
export function pageCursor(longest: number) {
  return z.string().min(1).max(longest).optional().describe('nextCursor of the page before');
}

/** Where the next page begins. */
export const nextPageCursor = z.string().nullable().describe('null on the last page');

/** PostgreSQL has no U+0000: asking for it is a mistake of the caller's, not a failure of ours. */
export function searchableText(longest: number) {
  return (
    z
      .string()
      .min(1)
      .max(longest)
      // As a pattern it is in the description of the API as well.
      .regex(/^[^\u0000]*$/, 'must be text without U+0000')
      .refine((text) => text.isWellFormed(), 'must be well-formed text')
  );
}
