import type { OutboxSourceName } from '../metrics.js';
import { afterCursor } from '../store/behind-cursor.js';
import type { Session } from '../store/session.js';

/** Conversations that wait for an update that failed. */
export interface ParkingMeasure {
  readonly conversations: number;
  readonly updates: number;
  readonly oldestSeconds: number;
}

/** What one source has committed and not published. */
export interface OutboxMeasure {
  readonly source: OutboxSourceName;
  readonly backlog: number;
  readonly oldestSeconds: number;
}

export const AUDIT_FINDINGS = ['missing', 'doubled', 'contradictions', 'pending'] as const;

/** What the last audit found that somebody recorded. */
export type AuditMeasure = Readonly<Record<(typeof AUDIT_FINDINGS)[number], number>> & {
  /** Seconds since the epoch. */
  readonly finishedAt: number;
};

/** What only the database knows. */
export interface DatabaseMeasures {
  readonly parking: ParkingMeasure;
  readonly outbox: readonly OutboxMeasure[];
  /** Age of the oldest event that the clocks have not followed; 0: they have followed all. */
  readonly clocksOldestSeconds: number;
  /** Undefined when none was ever recorded. */
  readonly audit: AuditMeasure | undefined;
  /** Whether the consumer has been told to stop, by any instance. */
  readonly isStopped: boolean;
}

/** One row per parked conversation is read, and no update. */
const PARKING = {
  name: 'measure-parking',
  text: `select count(*)::int as conversations, (count(*) + coalesce(sum(followers), 0))::int as updates,
           coalesce(extract(epoch from now() - min(parked_at)), 0)::float8 as "oldestSeconds"
         from ticketing.parked_conversations`,
};

/** Committed but not yet readable rows count too: a transaction left open must show up as age. */
function backlogOf(source: OutboxSourceName, id: string): string {
  const cursor = (column: string) => `(select ${column} from ticketing.outbox_cursors where source = '${source}')`;
  return `select '${source}' as source, count(*)::int as backlog,
      coalesce(extract(epoch from now() - min(recorded_at)), 0)::float8 as "oldestSeconds"
    from (select recorded_at from ticketing.${source} where (tx_id, ${id}) > (${cursor('tx_id')}, ${cursor('id')})
      order by tx_id, ${id} limit 100000) as waiting_${source}`;
}

const OUTBOX = {
  name: 'measure-outbox',
  text: `${backlogOf('events', 'global_id')} union all ${backlogOf('outbox', 'id')}`,
};

const CLOCKS = {
  name: 'measure-clocks',
  text: `select coalesce((select extract(epoch from now() - e.recorded_at) from ticketing.events e
      where ${afterCursor('sla_cursor')} order by e.tx_id, e.global_id limit 1), 0)::float8 as "oldestSeconds"`,
};

const AUDIT = {
  name: 'measure-audit',
  text: `select missing, doubled, contradictions, pending, extract(epoch from finished_at)::float8 as "finishedAt"
         from ticketing.audits order by finished_at desc limit 1`,
};

const STOPPED = {
  name: 'measure-stopped',
  text: `select is_open as "isStopped" from ticketing.breakers where name = 'dead-letters'`,
};

/** Five short questions, the same answers in every instance. */
export async function readMeasures(session: Pick<Session, 'query'>): Promise<DatabaseMeasures> {
  const parking = await session.query<ParkingMeasure>(PARKING, []);
  const outbox = await session.query<OutboxMeasure>(OUTBOX, []);
  const clocks = await session.query<{ oldestSeconds: number }>(CLOCKS, []);
  const audit = await session.query<AuditMeasure>(AUDIT, []);
  const stopped = await session.query<{ isStopped: boolean }>(STOPPED, []);
  const isStopped = stopped.rows[0]?.isStopped ?? false;
  const clocksOldestSeconds = clocks.rows[0]?.oldestSeconds ?? 0;
  return { parking: parking.rows[0]!, outbox: outbox.rows, clocksOldestSeconds, audit: audit.rows[0], isStopped };
}
