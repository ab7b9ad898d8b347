import {
  CHANGED_ROWS,
  LOCKED_ROWS,
  PARKED_ROWS,
  QUEUED_ROWS,
  RELEASED_ROWS,
  UNQUEUED_ROWS,
} from '../parking/parking-rows.js';
import type { OwnedKey } from '../privacy/vault.js';
import { MIGRATED_ROWS } from './migrated-chats.js';
import type { BatchPlan } from './plan-batch.js';
import type { Rows } from './rows.js';
import type { Session, Statement } from './session.js';
import { TICKET_ROWS } from './ticket-row.js';
import {
  EDITED_ROWS,
  EVENT_ROWS,
  GAP_ROWS,
  GONE_GAP_ROWS,
  LEDGER_ROWS,
  MESSAGE_ROWS,
  OUTBOX_ROWS,
  OUTCOME_ROWS,
} from './write-rows.js';

/** Hands out parameter numbers, one stretch after the other. */
function places(first: number): <Row>(rows: Rows<Row>) => string {
  let next = first;
  return (rows) => {
    const sql = rows.sql(next);
    next += rows.columns;
    return sql;
  };
}

function writesOf(place: <Row>(rows: Rows<Row>) => string): string {
  return `claimed as (${place(LEDGER_ROWS)} returning 1),
    new_events as (${place(EVENT_ROWS)}),
    new_tickets as (${place(TICKET_ROWS)}),
    new_messages as (${place(MESSAGE_ROWS)}),
    new_records as (${place(OUTBOX_ROWS)})`;
}

function valuesOf({ settlements, events, tickets, messages, records }: BatchPlan): unknown[][] {
  return [
    ...LEDGER_ROWS.values(settlements.filter(({ before }) => before === undefined)),
    ...EVENT_ROWS.values(events),
    ...TICKET_ROWS.values(tickets),
    ...MESSAGE_ROWS.values(messages.appended),
    ...OUTBOX_ROWS.values(records),
  ];
}

/**
 * Everything a batch leaves behind, as one statement, which is one transaction: all or nothing in a single round trip. The
 * claims come first, because the last line needs their number: fewer than asked for, and the statement fails as a whole.
 */
const WRITE_PLAN: Statement = {
  name: 'write-plan',
  text: `with ${writesOf(places(5))} select ticketing.require_claims(count(*), $1::bigint), ${keysAreThere(2)} from claimed`,
};

/** What is sealed with a key that somebody has destroyed meanwhile could never be read. */
function keysAreThere(first: number): string {
  return `ticketing.require_rows(
    (select count(*) from unnest($${first}::bigint[], $${first + 1}::text[], $${first + 2}::text[]) as sealing(key_id, bot_id, person_id)
      where exists (select 1 from ticketing.customer_keys k where k.key_id = sealing.key_id and k.bot_id = sealing.bot_id
        and k.person_id = sealing.person_id)),
    coalesce(array_length($${first}::bigint[], 1), 0), 'keys of customers')`;
}

function columnsOf(keys: readonly OwnedKey[]): string[][] {
  return [keys.map(({ id }) => id), keys.map(({ botId }) => botId), keys.map(({ personId }) => personId)];
}

/** The same with what is rarer: what waits, what is missing, what is changed. Whoever changed one of these rows meanwhile makes this one fail as well. */
const WRITE_WHOLE_PLAN: Statement = { name: 'write-plan-whole', text: wholePlan() };

function wholePlan(): string {
  const place = places(9);
  return `with locked as (${place(LOCKED_ROWS)}),
    ${writesOf(place)},
    replaced as (${place(OUTCOME_ROWS)} returning 1),
    edited as (${place(EDITED_ROWS)}),
    parked as (${place(PARKED_ROWS)}),
    changed as (${place(CHANGED_ROWS)} returning 1),
    released as (${place(RELEASED_ROWS)} returning 1),
    queued as (${place(QUEUED_ROWS)}),
    unqueued as (${place(UNQUEUED_ROWS)} returning 1),
    new_gaps as (${place(GAP_ROWS)}),
    gone_gaps as (${place(GONE_GAP_ROWS)} returning 1),
    migrated as (${place(MIGRATED_ROWS)})
  select ticketing.require_claims((select count(*) from claimed), $1::bigint),
    ticketing.require_rows((select count(*) from replaced), $2::bigint, 'outcomes'),
    ticketing.require_rows((select count(*) from changed) + (select count(*) from released), $3::bigint, 'parked conversations'),
    ticketing.require_rows((select count(*) from unqueued), $4::bigint, 'parked updates'),
    ticketing.require_rows((select count(*) from gone_gaps), $5::bigint, 'gaps'), ${keysAreThere(6)}`;
}

/** The plan of a transaction that settles no update. */
export const WITHOUT_UPDATES: Omit<BatchPlan, 'events' | 'tickets'> = {
  settlements: [],
  records: [],
  parking: { expected: [], parked: [], changed: [], released: [], queued: [], unqueued: [] },
  messages: { appended: [], edited: [] },
  gaps: { added: [], removed: [] },
  migratedChats: [],
};

/**
 * @param keys those that its events are sealed with
 * @throws what PostgreSQL throws; `40001` also when another instance has settled one of these updates in the meantime, or a key is gone
 */
export async function writePlan(session: Session, plan: BatchPlan, keys: readonly OwnedKey[] = []): Promise<void> {
  const replacements = plan.settlements.filter(({ before }) => before !== undefined);
  const claims = plan.settlements.length - replacements.length;
  const { expected, parked, changed, released, queued, unqueued } = plan.parking;
  const { added, removed } = plan.gaps;
  const { edited } = plan.messages;
  const { migratedChats } = plan;
  const rare = [replacements, expected, parked, added, removed, edited, migratedChats];
  if (rare.every((rows) => rows.length === 0)) {
    await session.query(WRITE_PLAN, [claims, ...columnsOf(keys), ...valuesOf(plan)]);
    return;
  }
  await session.query(WRITE_WHOLE_PLAN, [
    ...[claims, replacements.length, expected.length, unqueued.length, removed.length],
    ...columnsOf(keys),
    ...LOCKED_ROWS.values(expected),
    ...valuesOf(plan),
    ...OUTCOME_ROWS.values(replacements),
    ...EDITED_ROWS.values(edited),
    ...PARKED_ROWS.values(parked),
    ...CHANGED_ROWS.values(changed),
    ...RELEASED_ROWS.values(released),
    ...QUEUED_ROWS.values(queued),
    ...UNQUEUED_ROWS.values(unqueued),
    ...GAP_ROWS.values(added),
    ...GONE_GAP_ROWS.values(removed),
    ...MIGRATED_ROWS.values(migratedChats),
  ]);
}
