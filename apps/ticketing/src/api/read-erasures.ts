import { decodeCursor, pageOf } from '@onceline/service-kit';
import type { WithSession } from '../store/session.js';
import { erasuresCursorSchema, type ErasuresPage, type ErasuresQuery } from './privacy-schemas.js';

type Item = ErasuresPage['items'][number];
type Row = Omit<Item, 'erasedAt'> & { readonly erasedAt: Date };

/** The latest first. */
export async function readErasures(withSession: WithSession, query: ErasuresQuery): Promise<ErasuresPage> {
  const values: unknown[] = [];
  const value = (given: unknown) => `$${values.push(given)}`;
  const conditions = ['true'];
  if (query.bot !== undefined) conditions.push(`bot_id = ${value(query.bot)}`);
  if (query.cursor !== undefined) {
    conditions.push(`erasure_id < ${value(decodeCursor(erasuresCursorSchema, query.cursor))}::bigint`);
  }
  const text = `select erasure_id::text as id, bot_id as "botId", person_id as "personId", accounts, reason, asked_by as "askedBy",
      key_count as "keyCount", erased_at as "erasedAt"
    from ticketing.erasures where ${conditions.join(' and ')} order by erasure_id desc limit ${value(query.limit + 1)}`;
  const { rows } = await withSession((session) => session.query<Row>({ text }, values));
  return pageOf(
    rows,
    query.limit,
    (row): Item => ({ ...row, erasedAt: row.erasedAt.toISOString() }),
    ({ id }) => id,
  );
}
