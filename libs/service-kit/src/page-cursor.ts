import type { z } from 'zod';
import { Problem, statusTitle } from './problem.js';

/** Turns the position after the last item of a page into an opaque text for the caller to hand back. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/**
 * Reads a cursor back; its content is the caller's to forge, so the schema checks it.
 * @throws Problem 400 when it is not one of ours.
 */
export function decodeCursor<S extends z.ZodType>(schema: S, cursor: string, field = 'query.cursor'): z.infer<S> {
  const result = schema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString('utf8')));
  if (result.success) return result.data;
  throw new Problem(400, {
    title: statusTitle(400),
    detail: `${field} is not a cursor of this list.`,
    field,
    fix: 'Use the cursor of the page before, unchanged, or leave it out to start at the beginning.',
  });
}

/** A page of a list, and where the next one begins. */
export interface Page<Item> {
  readonly items: Item[];
  readonly nextCursor: string | null;
}

/**
 * One page of rows that were asked for with one more than the limit: the extra row is not shown, it says that there is a next page.
 * @param position where the next page begins, of the last row that is shown
 */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  position: (row: Row) => unknown,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const isLastPage = last === undefined || rows.length <= limit;
  return { items: shown.map((row) => toItem(row)), nextCursor: isLastPage ? null : encodeCursor(position(last)) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
