import type { Queries } from '@onceline/postgres';
import { decodeCursor, pageOf } from '@onceline/service-kit';
import type { ItemState } from './dead-letter.js';
import { exactly } from './read-dead-letters.js';
import { listCursorSchema, type Redrive, type RedrivesPage } from './schemas.js';
import { describeSelection, type Selection } from './selection.js';

const COLUMNS = `redrive_id, state, note, reason, requested_by, selection, rate, selected, created_at, finished_at`;

interface RedriveRow {
  redrive_id: string;
  state: Redrive['state'];
  note: string | null;
  reason: string;
  requested_by: string;
  selection: Selection;
  rate: number;
  selected: number;
  created_at: Date;
  finished_at: Date | null;
}

interface CountRow {
  stage: number;
  state: ItemState;
  outcome: string | null;
  count: number;
}

type Counts = Redrive['counts'];

const FIELDS: Readonly<Record<CountRow['state'], keyof Counts>> = {
  claimed: 'waiting',
  sent: 'sent',
  redriven: 'redriven',
  'failed-again': 'failedAgain',
  released: 'released',
};

/** Newest first. */
export async function readRedrives(
  queries: Queries,
  page: { limit: number; cursor?: string | undefined },
): Promise<RedrivesPage> {
  const [createdAt, id] = page.cursor === undefined ? [null, null] : decodeCursor(listCursorSchema, page.cursor);
  const rows = await queries.query<RedriveRow & { moment: string }>(
    `select ${COLUMNS}, ${exactly('created_at')} as moment from retry.redrives
     where $1::timestamptz is null or (created_at, redrive_id) < ($1::timestamptz, $2::text)
     order by created_at desc, redrive_id desc limit $3`,
    [createdAt, id, page.limit + 1],
  );
  return pageOf(rows, page.limit, toSummary, ({ moment, redrive_id }) => [moment, redrive_id]);
}

/** One redrive with its progress; undefined when there is none. */
export async function readRedrive(queries: Queries, id: string): Promise<Redrive | undefined> {
  const [row] = await queries.query<RedriveRow>(`select ${COLUMNS} from retry.redrives where redrive_id = $1`, [id]);
  if (!row) return undefined;
  const counts = await queries.query<CountRow>(
    `select stage, state, outcome, count(*)::int as count from retry.redrive_items where redrive_id = $1
     group by stage, state, outcome order by stage`,
    [id],
  );
  const stages = [...new Set(counts.map(({ stage }) => stage))];
  return {
    ...toSummary(row),
    counts: addUp(counts),
    outcomes: outcomesOf(counts),
    stages: stages.map((stage) => ({ stage, ...addUp(counts.filter((count) => count.stage === stage)) })),
  };
}

function toSummary(row: RedriveRow): RedrivesPage['items'][number] {
  return {
    id: row.redrive_id,
    state: row.state,
    note: row.note,
    reason: row.reason,
    requestedBy: row.requested_by,
    selection: describeSelection(row.selection),
    rate: row.rate,
    selected: row.selected,
    createdAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  };
}

function addUp(rows: readonly CountRow[]): Counts {
  const counts: Counts = { waiting: 0, sent: 0, redriven: 0, failedAgain: 0, released: 0 };
  for (const { state, count } of rows) counts[FIELDS[state]] += count;
  return counts;
}

function outcomesOf(rows: readonly CountRow[]): Record<string, number> {
  const outcomes: Record<string, number> = {};
  for (const { outcome, count } of rows) if (outcome !== null) outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
  return outcomes;
}
