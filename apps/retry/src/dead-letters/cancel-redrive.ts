import type { Queries } from '@onceline/postgres';
import { Problem } from '@onceline/service-kit';
import { recordDeed } from './audit-trail.js';
import { reopen } from './claim.js';

/** Nothing more is sent once this is committed; what is on its way still gets its outcome. */
export async function cancelRedrive(
  queries: Queries,
  id: string,
  { actor, reason }: { actor: string; reason: string },
): Promise<void> {
  // Waits for the burst in hand, and the next one then finds the redrive cancelled.
  const [redrive] = await queries.query<{ state: string }>(
    `select state from retry.redrives where redrive_id = $1 for update`,
    [id],
  );
  if (!redrive) throw noSuchRedrive();
  if (redrive.state === 'cancelled') return;
  if (redrive.state !== 'running') throw overAlready(redrive.state);
  const deadLetterIds = await reopen(queries, id);
  await queries.query(
    `update retry.redrives set state = 'cancelled', note = $2, finished_at = now() where redrive_id = $1`,
    [id, reason],
  );
  await recordDeed(queries, { action: 'cancel', actor, reason, redriveId: id, deadLetterIds });
}

export function noSuchRedrive(): Problem {
  return new Problem(404, {
    title: 'Not Found',
    detail: 'There is no redrive with this id.',
    field: 'params.id',
    fix: 'Take an id from GET /v1/redrives.',
  });
}

function overAlready(state: string): Problem {
  return new Problem(409, {
    title: 'Conflict',
    detail: `The redrive is ${state}: there is nothing left to cancel.`,
    field: 'params.id',
    fix: 'Nothing has to be done.',
  });
}
