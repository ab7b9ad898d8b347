import { decodeCursor, pageOf } from '@onceline/service-kit';
import { ERASURE_COLUMNS, erasureOf, type ErasureRow } from '../privacy/erase.js';
import type { WithSession } from '../store/session.js';
import { erasuresCursorSchema, type ErasuresPage, type ErasuresQuery } from './privacy-schemas.js';

/** The latest first. */
export async function readErasures(withSession: WithSession, query: ErasuresQuery): Promise<ErasuresPage> {
  const values: unknown[] = [];
  const value = (given: unknown) => `$${values.push(given)}`;
  const conditions = ['true'];
  if (query.bot !== undefined) conditions.push(`bot_id = ${value(query.bot)}`);
  if (query.cursor !== undefined) {
    conditions.push(`erasure_id < ${value(decodeCursor(erasuresCursorSchema, query.cursor))}::bigint`);
  }
  const text = `select ${ERASURE_COLUMNS} from ticketing.erasures where ${conditions.join(' and ')} order by erasure_id desc limit ${value(query.limit + 1)}`;
  const { rows } = await withSession((session) => session.query<ErasureRow>({ text }, values));
  return pageOf(rows, query.limit, erasureOf, ({ id }) => id);
}
