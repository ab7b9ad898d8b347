import { toDeadLetter } from './dead-letter.js';
import type { BatchPlan } from './plan-batch.js';
import type { Session, Statement } from './session.js';
import { EVENT_ROWS, LEDGER_ROWS, MESSAGE_ROWS, OUTBOX_ROWS, TICKET_ROWS } from './write-rows.js';

const LEDGER_AT = 2;
const EVENTS_AT = LEDGER_AT + LEDGER_ROWS.columns;
const TICKETS_AT = EVENTS_AT + EVENT_ROWS.columns;
const MESSAGES_AT = TICKETS_AT + TICKET_ROWS.columns;
const OUTBOX_AT = MESSAGES_AT + MESSAGE_ROWS.columns;

/**
 * Everything a batch leaves behind, as one statement, which is one transaction: all or nothing in a single round trip. The
 * claims come first, because the last line needs their number: fewer than asked for, and the statement fails as a whole.
 */
const WRITE_PLAN: Statement = {
  name: 'write-plan',
  text: `with claimed as (${LEDGER_ROWS.sql(LEDGER_AT)} returning 1),
    new_events as (${EVENT_ROWS.sql(EVENTS_AT)}),
    new_tickets as (${TICKET_ROWS.sql(TICKETS_AT)}),
    new_messages as (${MESSAGE_ROWS.sql(MESSAGES_AT)}),
    new_records as (${OUTBOX_ROWS.sql(OUTBOX_AT)})
  select ticketing.require_claims(count(*), $1::bigint) from claimed`,
};

/** @throws what PostgreSQL throws; `40001` also when another instance has settled one of these updates in the meantime */
export async function writePlan(session: Session, plan: BatchPlan): Promise<void> {
  const failedAt = new Date().toISOString();
  const letters = plan.settlements.flatMap(({ update, failure }) =>
    failure ? [toDeadLetter(update, failure, failedAt)] : [],
  );
  await session.query(WRITE_PLAN, [
    plan.settlements.length,
    ...LEDGER_ROWS.values(plan.settlements),
    ...EVENT_ROWS.values(plan.events),
    ...TICKET_ROWS.values(plan.tickets),
    ...MESSAGE_ROWS.values(plan.events.map(({ event }) => event)),
    ...OUTBOX_ROWS.values(letters),
  ]);
}
