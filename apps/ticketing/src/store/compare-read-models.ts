import { READ_MODELS } from './read-models.js';
import type { Session, Statement } from './session.js';
import { SHADOW } from './shadow-tables.js';

const COLUMNS = {
  name: 'read-model-columns',
  text: `select attname as name, atttypid = 'json'::regtype as "isJson", coalesce(attnum = any(indkey), false) as "isKey"
    from pg_attribute left join pg_index on indrelid = attrelid and indisprimary
    where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
};

interface Column {
  name: string;
  isJson: boolean;
  isKey: boolean;
}

/** Tickets of which a live row is not as in the shadow, is missing there, or is one too many; among those given, or among all. */
export async function differingTickets(session: Session, among?: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const { table } of READ_MODELS) {
    const { rows: columns } = await session.query<Column>(COLUMNS, [`ticketing.${table}`]);
    const values = among === undefined ? [] : [among];
    const { rows } = await session.query<{ id: string }>(comparison(table, columns, among !== undefined), values);
    for (const { id } of rows) found.add(id);
  }
  return found;
}

/** Row by row, column by column: dearer methods, as digests of whole tables are, could not say which ticket differs. */
function comparison(table: string, columns: readonly Column[], isLimited: boolean): Statement {
  const rowOf = (side: string) => {
    const values = columns.map(({ name, isJson }) => `${side}."${name}"${isJson ? '::text' : ''}`);
    return `row(${values.join(', ')})`;
  };
  const keys = columns.filter(({ isKey }) => isKey).map(({ name }) => `"${name}"`);
  const source = (schema: string) =>
    isLimited ? `(select * from ${schema}.${table} where ticket_id = any($1::text[]))` : `${schema}.${table}`;
  return {
    text: `select distinct id from (
        select unnest(array[live.ticket_id, made.ticket_id]) as id
          from ${source('ticketing')} live full join ${source(SHADOW)} made using (${keys.join(', ')})
          where ${rowOf('live')} is distinct from ${rowOf('made')}) as differing
      where id is not null`,
  };
}
