import type { WithSession } from '../store/session.js';
import { encodePosition, type Position } from './position.js';

/** What is told of an event: enough to know what to read again, nothing that somebody wrote. */
export interface LiveEvent {
  readonly position: Position;
  readonly ticketId: string;
  readonly botId: string | null;
  /** As it is sent. */
  readonly text: string;
}

/** Events in the order of their commits, and the position up to which these are all there are. */
export interface EventsPage {
  readonly events: readonly LiveEvent[];
  readonly end: Position;
  /** There may be more at once. */
  readonly more: boolean;
}

export type ReadEvents = (after: Position) => Promise<EventsPage>;

const PAGE_EVENTS = 500;

const NOW = { name: 'live-now', text: `select pg_snapshot_xmin(pg_current_snapshot())::text as "readTo"` };

/** In the order of transactions, only those that are over, as the relay reads; and up to which transaction that was, also where there is no event. */
const PAGE = {
  name: 'live-events',
  text: `with page as (
      select tx_id, global_id, event_id, ticket_id, version, type, payload ->> 'occurredAt' as occurred_at from ticketing.events
        where tx_id < pg_snapshot_xmin(pg_current_snapshot()) and (tx_id, global_id) > ($1::xid8, $2::bigint)
        order by tx_id, global_id limit ${PAGE_EVENTS})
    select pg_snapshot_xmin(pg_current_snapshot())::text as "readTo", page.tx_id::text as "txId", page.global_id::text as id,
        page.event_id as "eventId", page.ticket_id as "ticketId", page.version, page.type, page.occurred_at as "occurredAt",
        t.bot_id as "botId", t.conversation
      from (values (1)) as always left join page on true left join ticketing.tickets t on t.ticket_id = page.ticket_id
      order by page.tx_id, page.global_id`,
};

interface Row {
  readonly readTo: string;
  readonly txId: string;
  readonly id: string;
  readonly eventId: string;
  readonly ticketId: string;
  readonly version: number;
  readonly type: string;
  readonly occurredAt: string;
  readonly botId: string | null;
  readonly conversation: string | null;
}

/** Behind everything that can be read now, and before everything that will be. */
export async function readNow(withSession: WithSession): Promise<Position> {
  const { rows } = await withSession((session) => session.query<Pick<Row, 'readTo'>>(NOW, []));
  return startOf(rows[0]);
}

/** One page. */
export async function readEvents(withSession: WithSession, { txId, id }: Position): Promise<EventsPage> {
  const { rows } = await withSession((session) => session.query<Row | Empty>(PAGE, [String(txId), String(id)]));
  const events = rows.filter((row): row is Row => row.txId !== null).map(toEvent);
  const more = events.length === PAGE_EVENTS;
  const last = events.at(-1);
  return { events, end: more && last ? last.position : startOf(rows[0]), more };
}

interface Empty {
  readonly readTo: string;
  readonly txId: null;
}

/** Before the first event of the transaction up to which was read: its own events may still come. */
function startOf(row: Pick<Row, 'readTo'> | undefined): Position {
  if (row === undefined) throw new Error('PostgreSQL answered no row where there is always one');
  return { txId: BigInt(row.readTo), id: 0n };
}

function toEvent({ txId, id, eventId, ticketId, version, type, occurredAt, botId, conversation }: Row): LiveEvent {
  const position = { txId: BigInt(txId), id: BigInt(id) };
  const data = JSON.stringify({ eventId, ticketId, version, type, occurredAt, botId, conversation });
  return { position, ticketId, botId, text: `id: ${encodePosition(position)}\nevent: ${type}\ndata: ${data}\n\n` };
}
