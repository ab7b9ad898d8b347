import type { Queries } from '@onceline/postgres';

/** As long as the dead-letter topics keep the record: before that it could be read there. */
const KEPT_FOR = '30 days';
/** What one transaction changes must stay small. */
const AT_ONCE = 500;

const FORGET = `
  with done as (
    select dead_letter_id from retry.dead_letters
    where payload is not null and status in ('redriven', 'failed-again', 'discarded') and dead_at < now() - interval '${KEPT_FOR}'
    order by dead_at limit ${AT_ONCE} for update skip locked),
  corrections as (
    update retry.redrive_items item set payload = null from done
    where item.dead_letter_id = done.dead_letter_id and item.payload is not null)
  update retry.dead_letters d set payload = null from done where d.dead_letter_id = done.dead_letter_id returning 1 as forgotten`;

/**
 * Takes what the customer wrote, the original and its corrections, from dead letters that nobody can redrive any more. Where, when and why
 * they died stays. One that is open keeps its bytes however old it is: they are all there is of the update.
 */
export async function forgetPayloads(queries: Queries): Promise<void> {
  let forgotten = AT_ONCE;
  while (forgotten === AT_ONCE) forgotten = (await queries.query(FORGET)).length;
}
