import type { WithSession } from '../store/session.js';
import type { Report, ReportQuery } from './sla-schemas.js';

/** What clocks are put together by. */
const GROUPS: Readonly<Record<ReportQuery['by'], string>> = {
  day: `to_char(ended_at at time zone $3, 'YYYY-MM-DD')`,
  team: 'team',
  agent: 'assignee',
  bot: 'bot_id',
  priority: 'priority',
};

/** Times and attainment of clocks that ended, from what was stored of them. */
export async function readReport(withSession: WithSession, query: ReportQuery): Promise<Report> {
  const { from, to, by, timeZone, figure, bot, team, agent, priority } = query;
  const values: unknown[] = [from, to, ...(by === 'day' ? [timeZone] : [])];
  const filters = Object.entries({ kind: figure, bot_id: bot, team, assignee: agent, priority }).flatMap(
    ([column, value]) => (value === undefined ? [] : [`and ${column} = $${values.push(value)}`]),
  );
  const percentile = (share: number) =>
    `percentile_cont(${share}) within group (order by elapsed_ms) / 1000.0 as "p${share * 100}Seconds"`;
  const text = `select ${GROUPS[by]} as "group", kind as figure, count(*)::int as count,
      ${[0.5, 0.9, 0.99].map(percentile).join(', ')},
      count(*) filter (where state in ('met', 'breached'))::int as "withTarget",
      count(*) filter (where state = 'met')::int as met, count(*) filter (where state = 'breached')::int as breached,
      avg((state = 'met')::int) filter (where state in ('met', 'breached'))::float8 as attainment
    from ticketing.sla_clocks where ended_at >= $1 and ended_at < $2 and state <> 'unanswered'
      ${filters.join(' ')}
    group by 1, 2 order by 1 nulls last, 2`;
  const { rows } = await withSession((session) => session.query<Report['items'][number]>({ text }, values));
  return { items: rows };
}
