import type { Queries } from '@onceline/postgres';
import type { FailureClass } from '@onceline/retry-policy';
import { decodeCursor, pageOf } from '@onceline/service-kit';
import { exactly } from './read-dead-letters.js';
import { groupsCursorSchema, type GroupsPage, type ListQuery } from './schemas.js';
import { filterConditions, Parameters, whereAll } from './selection.js';

interface GroupRow {
  fingerprint: string;
  consumer: string;
  class: FailureClass;
  failure_kind: string;
  failure_code: string;
  failure_message: string;
  handler_version: string | null;
  count: number;
  statuses: Record<string, number>;
  first_seen: Date;
  last_seen: Date;
  moment: string;
}

/** Dead letters by cause, the latest seen first. */
export async function readGroups(queries: Queries, query: ListQuery): Promise<GroupsPage> {
  const { limit, cursor, ...filter } = query;
  const parameters = new Parameters();
  const where = whereAll(filterConditions(filter, parameters));
  const after = cursor === undefined ? '' : afterCursor(cursor, parameters);
  const rows = await queries.query<GroupRow>(
    `with by_status as (
       select fingerprint, consumer, class, status, count(*)::int as count, min(dead_at) as first_seen, max(dead_at) as last_seen
       from retry.dead_letters ${where} group by fingerprint, consumer, class, status),
     groups as (
       select fingerprint, consumer, class, sum(count)::int as count, json_object_agg(status, count) as statuses,
         min(first_seen) as first_seen, max(last_seen) as last_seen
       from by_status group by fingerprint, consumer, class)
     select groups.*, ${exactly('last_seen')} as moment, latest.*
     from groups cross join lateral (
       select failure_kind, failure_code, failure_message, handler_version from retry.dead_letters d
       where d.fingerprint = groups.fingerprint and d.consumer = groups.consumer and d.class = groups.class
       order by dead_at desc limit 1) as latest
     ${after} order by last_seen desc, fingerprint desc, consumer desc, class desc limit ${parameters.add(limit + 1)}`,
    parameters.values,
  );
  return pageOf(rows, limit, toGroup, (row) => [row.moment, row.fingerprint, row.consumer, row.class]);
}

function afterCursor(cursor: string, parameters: Parameters): string {
  const [moment, ...names] = decodeCursor(groupsCursorSchema, cursor);
  const places = names.map((name) => `${parameters.add(name)}::text`).join(', ');
  return `where (last_seen, fingerprint, consumer, class) < (${parameters.add(moment)}::timestamptz, ${places})`;
}

function toGroup(row: GroupRow): GroupsPage['items'][number] {
  return {
    fingerprint: row.fingerprint,
    consumer: row.consumer,
    class: row.class,
    failure: { kind: row.failure_kind, code: row.failure_code, message: row.failure_message },
    handlerVersion: row.handler_version,
    count: row.count,
    statuses: row.statuses,
    firstSeenAt: row.first_seen.toISOString(),
    lastSeenAt: row.last_seen.toISOString(),
  };
}
