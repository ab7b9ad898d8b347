import { storedTicketEvent } from '@onceline/contracts';
import type { TicketEvent } from '../ticket/events.js';
import { behindCursor } from '../store/behind-cursor.js';
import type { Session } from '../store/session.js';
import { readClocks, writeClocks } from './clock-rows.js';
import type { SlaPolicies } from './sla-policy.store.js';
import { followClocks, type TicketClocks } from './ticket-clocks.js';

/** Events, or tickets, in one transaction. */
const EVENTS_AT_ONCE = 3000;
const TICKETS_AT_ONCE = 500;

/** Whole transactions: events of one command are not read apart. */
const NEXT_EVENTS = {
  name: 'events-for-clocks',
  text: `select tx_id::text, global_id::text as id, payload::text from (
      select e.tx_id, e.global_id, e.payload from ticketing.events e where ${behindCursor('sla_cursor')}
      order by e.tx_id fetch first ($1::bigint) rows with ties) as page
    order by page.tx_id, page.global_id`,
};
const MOVE_CURSOR = {
  name: 'move-sla-cursor',
  text: `update ticketing.sla_cursor set tx_id = $1::xid8, id = $2::bigint`,
};

/** Lets clocks go on with the next events. Answers how many there were. */
export async function followEvents(session: Session, policies: SlaPolicies, now: number): Promise<number> {
  const { rows } = await session.query<EventRow & { tx_id: string; id: string }>(NEXT_EVENTS, [EVENTS_AT_ONCE]);
  const last = rows.at(-1);
  if (!last) return 0;
  const byTicket = eventsByTicket(rows);
  const before = await readClocks(session, [...byTicket.keys()]);
  const after = [...byTicket].flatMap(([ticketId, events]) => followed(before.get(ticketId), events));
  await write(session, after, { policies, now, anew: false });
  await session.query(MOVE_CURSOR, [last.tx_id, last.id]);
  return rows.length;
}

/** What was computed anew has followed these events before. */
function followed(clocks: TicketClocks | undefined, events: readonly TicketEvent[]): readonly TicketClocks[] {
  const next = followClocks(
    clocks,
    events.filter(({ version }) => version > (clocks?.version ?? 0)),
  );
  return next && next !== clocks ? [next] : [];
}

const TO_RESTATE = {
  name: 'sla-policies-to-restate',
  text: `select bot_id, version from ticketing.sla_policies where restated_to is not null and applies_from <= $1
    order by bot_id, version limit 1`,
};
const TICKETS_TO_RESTATE = {
  name: 'tickets-to-restate',
  text: `select s.ticket_id from ticketing.sla_policies p join ticketing.sla_tickets s using (bot_id)
    where p.bot_id = $1 and p.version = $2 and s.ticket_id > p.restated_to and s.latest_at >= p.applies_from
    order by s.ticket_id limit $3`,
};
const RESTATED = {
  name: 'sla-policy-restated',
  text: `update ticketing.sla_policies set restated_to = $3 where bot_id = $1 and version = $2`,
};
const HISTORIES = {
  name: 'histories-for-clocks',
  text: `select payload::text from ticketing.events where ticket_id = any($1::text[]) order by ticket_id, version`,
};

/** Computes clocks anew to which a new version of a policy applies, some tickets at a time. Answers how many policies it went on with. */
export async function restateClocks(session: Session, policies: SlaPolicies, now: number): Promise<number> {
  const { rows: found } = await session.query<StoredVersion>(TO_RESTATE, [new Date(now).toISOString()]);
  const [next] = found;
  if (!next) return 0;
  const of = [next.bot_id, next.version];
  const { rows } = await session.query<{ ticket_id: string }>(TICKETS_TO_RESTATE, [...of, TICKETS_AT_ONCE]);
  const ids = rows.map(({ ticket_id: id }) => id);
  const histories = await session.query<EventRow>(HISTORIES, [ids]);
  const anew = [...eventsByTicket(histories.rows).values()].flatMap((events) => followed(undefined, events));
  await write(session, anew, { policies, now, anew: true });
  await session.query(RESTATED, [...of, ids.length < TICKETS_AT_ONCE ? null : ids.at(-1)]);
  return found.length;
}

interface StoredVersion {
  readonly bot_id: string;
  readonly version: number;
}

async function write(
  session: Session,
  clocks: readonly TicketClocks[],
  { policies, now, anew }: { policies: SlaPolicies; now: number; anew: boolean },
): Promise<void> {
  if (clocks.length === 0) return;
  const botIds = clocks.map(({ botId }) => botId);
  const promised = await policies.load(session, botIds);
  await writeClocks(session, clocks, { versionsOf: (botId) => promised.get(botId) ?? [], now, anew });
}

interface EventRow {
  readonly payload: string;
}

function eventsByTicket(rows: readonly EventRow[]): ReadonlyMap<string, readonly TicketEvent[]> {
  const byTicket = new Map<string, TicketEvent[]>();
  for (const { payload } of rows) {
    const event = storedTicketEvent(JSON.parse(payload));
    const events = byTicket.get(event.ticketId);
    if (events) events.push(event);
    else byTicket.set(event.ticketId, [event]);
  }
  return byTicket;
}
