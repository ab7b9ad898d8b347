import type { Queries } from '@onceline/postgres';
import { recordDeed } from './audit-trail.js';
import { claimOpen } from './claim.js';
import type { DeadLetterSource } from './dead-letter.js';
import type { Discarded } from './schemas.js';
import { describeSelection, type Selection } from './selection.js';

/** A discard as an operator asks for it. */
export interface DiscardOrder {
  readonly selection: Selection;
  readonly actor: string;
  readonly reason: string;
}

/** Gives dead letters up for good. The ledger is told afterwards, as often as it takes: see {@link TellLedger}. */
export async function discard(
  queries: Queries,
  { selection, actor, reason }: DiscardOrder,
  sources: readonly DeadLetterSource[],
): Promise<Discarded> {
  const { claimed, skipped } = await claimOpen(queries, selection, 'discarded');
  const withLedger = new Set(
    sources.filter(({ redelivery }) => redelivery !== undefined).map(({ consumer }) => consumer),
  );
  const known = claimed.filter(({ consumer, idempotencyKey }) => idempotencyKey !== null && withLedger.has(consumer));
  await queries.query(
    `insert into retry.ledger_notices (dead_letter_id, idempotency_key, reason)
     select id, key, $3 from unnest($1::text[], $2::text[]) as notice (id, key)`,
    [known.map(({ id }) => id), known.map(({ idempotencyKey }) => idempotencyKey), reason],
  );
  await recordDeed(queries, {
    action: 'discard',
    actor,
    reason,
    deadLetterIds: claimed.map(({ id }) => id),
    details: { selection: describeSelection(selection) },
  });
  return { discarded: claimed.length, skipped: [...skipped] };
}
