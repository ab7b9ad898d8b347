import { arrays, type Rows } from '../store/rows.js';
import type { Session } from '../store/session.js';
import type { EndedClock } from './clock.js';
import { isUntold, slaTimes, type SlaView } from './decide-firing.js';
import { measure, type Measured } from './measure.js';
import { policyAt, type SlaPolicy } from './sla-policy.js';
import { currentClocks, type TicketClocks } from './ticket-clocks.js';

const READ = {
  name: 'read-clocks',
  text: `select clocks from ticketing.sla_tickets where ticket_id = any($1::text[])`,
};

/** By ticket. */
export async function readClocks(
  session: Session,
  ticketIds: readonly string[],
): Promise<ReadonlyMap<string, TicketClocks>> {
  const { rows } = await session.query<{ clocks: TicketClocks }>(READ, [ticketIds]);
  return new Map(rows.map(({ clocks }) => [clocks.ticketId, clocks]));
}

/** Clocks of a ticket with what bots promise, and the time. */
interface Judged {
  readonly clocks: TicketClocks;
  readonly view: SlaView;
}

const iso = (ms: number) => new Date(ms).toISOString();
const isoOrNull = (ms: number | null) => (ms === null ? null : iso(ms));

const TICKET_TYPES = ['text', 'text', 'int', 'json', 'timestamptz', 'timestamptz', 'timestamptz'];

const TICKET_CLOCKS: Rows<Judged> = {
  columns: TICKET_TYPES.length,
  sql: (first) => `insert into ticketing.sla_tickets (ticket_id, bot_id, version, clocks, due_at, next_at, latest_at)
    select * from ${arrays(first, TICKET_TYPES)}
    on conflict (ticket_id) do update set version = excluded.version, clocks = excluded.clocks, due_at = excluded.due_at,
      next_at = excluded.next_at, latest_at = excluded.latest_at`,
  values: (all) => {
    const times = all.map(({ clocks, view }) => slaTimes(clocks, view));
    return [
      all.map(({ clocks }) => clocks.ticketId),
      all.map(({ clocks }) => clocks.botId),
      all.map(({ clocks }) => clocks.version),
      all.map(({ clocks }) => JSON.stringify(clocks)),
      times.map(({ dueAt }) => isoOrNull(dueAt)),
      times.map(({ nextAt }) => isoOrNull(nextAt)),
      all.map(({ clocks }) => iso(clocks.latestAt)),
    ];
  },
};

interface EndedRow extends EndedClock {
  readonly ticketId: string;
  readonly botId: string;
  readonly policy: SlaPolicy;
  readonly measured: Measured;
}

const ENDED_TYPES = [
  ...['text', 'text', 'int', 'text', 'text', 'text', 'text', 'timestamptz', 'timestamptz', 'bigint', 'bigint'],
  ...['text', 'int'],
];

const ENDED_CLOCKS: Rows<EndedRow> = {
  columns: ENDED_TYPES.length,
  sql: (first) => `insert into ticketing.sla_clocks (ticket_id, kind, started_by, bot_id, priority, team, assignee,
      started_at, ended_at, elapsed_ms, target_ms, state, sla_version)
    select * from ${arrays(first, ENDED_TYPES)}`,
  values: (rows) => [
    rows.map(({ ticketId }) => ticketId),
    rows.map(({ clock }) => clock.kind),
    rows.map(({ clock }) => clock.startedBy),
    rows.map(({ botId }) => botId),
    rows.map(({ priority }) => priority),
    rows.map(({ team }) => team),
    rows.map(({ assignee }) => assignee),
    rows.map(({ clock }) => iso(clock.startedAt)),
    rows.map(({ clock }) => iso(clock.end?.at ?? clock.startedAt)),
    rows.map(({ measured }) => measured.elapsedMs),
    rows.map(({ measured }) => measured.target?.targetMs ?? null),
    rows.map(({ measured }) => measured.state),
    rows.map(({ policy }) => policy.version),
  ],
};

const WRITE_TICKET_CLOCKS = { name: 'write-ticket-clocks', text: TICKET_CLOCKS.sql(1) };
const WRITE_ENDED_CLOCKS = { name: 'write-ended-clocks', text: ENDED_CLOCKS.sql(1) };
/** A resolution ends anew after each reopening. */
const FORGET_RESOLUTIONS = {
  name: 'forget-resolutions',
  text: `delete from ticketing.sla_clocks where ticket_id = any($1::text[]) and kind = 'resolution'`,
};
const FORGET_CLOCKS = {
  name: 'forget-clocks',
  text: `delete from ticketing.sla_clocks where ticket_id = any($1::text[])`,
};

/** Stores how far clocks have come, and each that is over as a row of its own. With `anew` nothing that was stored of these tickets stays. */
export async function writeClocks(
  session: Session,
  all: readonly TicketClocks[],
  { versionsOf, now, anew }: { versionsOf: (botId: string) => readonly SlaPolicy[]; now: number; anew: boolean },
): Promise<void> {
  const judged = all.map((clocks) => ({ clocks, view: { versions: versionsOf(clocks.botId), now } }));
  const ended = judged.flatMap(endedRows);
  await session.query(anew ? FORGET_CLOCKS : FORGET_RESOLUTIONS, [all.map(({ ticketId }) => ticketId)]);
  await session.query(WRITE_ENDED_CLOCKS, ENDED_CLOCKS.values(ended));
  await session.query(WRITE_TICKET_CLOCKS, TICKET_CLOCKS.values(judged.map(withoutEnded)));
}

function endedRows({ clocks, view }: Judged): readonly EndedRow[] {
  const { ticketId, botId } = clocks;
  const all = [...clocks.ended, ...currentClocks(clocks).filter(({ clock }) => clock.end !== null)];
  return all.map((each) => {
    const policy = policyAt(view.versions, each.clock.startedAt);
    return {
      ...each,
      ticketId,
      botId,
      policy,
      measured: measure(each.clock, { policy, subject: each, now: view.now }),
    };
  });
}

/** What is over stays only as long as something is to be told of it. */
function withoutEnded({ clocks, view }: Judged): Judged {
  const { ended, untold } = clocks;
  const late = [...untold, ...ended].filter((each) => isUntold(clocks, each, view));
  return { clocks: { ...clocks, ended: [], untold: late }, view };
}
