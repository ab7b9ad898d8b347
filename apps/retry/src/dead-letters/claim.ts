import type { Queries } from '@onceline/postgres';
import { Problem } from '@onceline/service-kit';
import type { DeadLetterStatus } from './dead-letter.js';
import { describeSelection, Parameters, selectionConditions, type Selection } from './selection.js';

/** A dead letter that was taken: nobody else can take it until it is given back. */
export interface Claimed {
  readonly id: string;
  readonly consumer: string;
  readonly idempotencyKey: string | null;
}

export interface Claim {
  /** Oldest first. */
  readonly claimed: readonly Claimed[];
  /** Asked for by id, but no longer open. */
  readonly skipped: readonly { readonly id: string; readonly status: string }[];
}

/**
 * Takes what is open of a selection. Rows are locked in the order of their ids, so that two operators who ask for the same
 * ones wait for each other instead of blocking each other, and the later one gets what the earlier one left.
 * @throws Problem when nothing is left to take
 */
export async function claimOpen(queries: Queries, selection: Selection, status: DeadLetterStatus): Promise<Claim> {
  const parameters = new Parameters();
  const conditions = [`status = 'open'`, ...selectionConditions(selection, parameters)].join(' and ');
  const rows = await queries.query<{ id: string; consumer: string; idempotencyKey: string | null }>(
    `with open as (
       select dead_letter_id from retry.dead_letters where ${conditions} order by dead_letter_id for update),
     taken as (
       update retry.dead_letters d set status = ${parameters.add(status)} from open
       where d.dead_letter_id = open.dead_letter_id
       returning d.dead_letter_id, d.consumer, d.idempotency_key, d.dead_at, d.topic, d.partition, d.kafka_offset)
     select dead_letter_id as id, consumer, idempotency_key as "idempotencyKey" from taken
     order by dead_at, topic, partition, kafka_offset`,
    parameters.values,
  );
  const skipped = await notTaken(queries, selection, rows);
  if (rows.length === 0) throw nothingOpen(selection, skipped);
  return { claimed: rows, skipped };
}

/** What of the selection is open now; takes nothing. */
export async function countOpen(queries: Queries, selection: Selection): Promise<number> {
  const parameters = new Parameters();
  const conditions = [`status = 'open'`, ...selectionConditions(selection, parameters)].join(' and ');
  const [row] = await queries.query<{ count: number }>(
    `select count(*)::int as count from retry.dead_letters where ${conditions}`,
    parameters.values,
  );
  const count = row?.count ?? 0;
  if (count === 0) throw nothingOpen(selection, await notTaken(queries, selection, []));
  return count;
}

/** Gives back what a redrive will not send. */
export async function reopen(queries: Queries, redriveId: string): Promise<string[]> {
  const rows = await queries.query<{ id: string }>(
    `with released as (
       update retry.redrive_items set state = 'released', settled_at = now()
       where redrive_id = $1 and state = 'claimed' returning dead_letter_id)
     update retry.dead_letters set status = 'open'
     where status = 'redriving' and dead_letter_id in (select dead_letter_id from released)
     returning dead_letter_id as id`,
    [redriveId],
  );
  return rows.map(({ id }) => id);
}

async function notTaken(queries: Queries, selection: Selection, taken: readonly Claimed[]): Promise<Claim['skipped']> {
  const asked = selection.ids ?? (selection.id === undefined ? [] : [selection.id]);
  const left = new Set(asked);
  for (const { id } of taken) left.delete(id);
  if (left.size === 0) return [];
  const rows = await queries.query<{ id: string; status: string }>(
    `select dead_letter_id as id, status from retry.dead_letters where dead_letter_id = any($1::text[])`,
    [[...left]],
  );
  const known = new Map(rows.map(({ id, status }) => [id, status]));
  const missing = [...left].filter((id) => !known.has(id));
  if (missing.length > 0) throw noSuchDeadLetter(missing, selection);
  return rows;
}

function noSuchDeadLetter(ids: readonly string[], { ids: listed }: Selection): Problem {
  return new Problem(404, {
    title: 'Not Found',
    detail: `There is no dead letter ${ids.slice(0, 5).join(', ')}${ids.length > 5 ? ` (nor ${ids.length - 5} more)` : ''}.`,
    field: listed === undefined ? 'body.id' : 'body.ids',
    fix: 'Take ids from GET /v1/dead-letters.',
  });
}

function nothingOpen(selection: Selection, skipped: Claim['skipped']): Problem {
  const statuses = [...new Set(skipped.map(({ status }) => status))].join(', ');
  return new Problem(409, {
    title: 'Conflict',
    detail: `Nothing is open of ${describeSelection(selection)}${statuses === '' ? '' : `: status ${statuses}`}. Only open dead letters can be taken; somebody else may have been faster.`,
    fix: 'Look at them with GET /v1/dead-letters, and at what runs with GET /v1/redrives.',
    members: { skipped },
  });
}
