import { randomUUID } from 'node:crypto';
import type { Queries } from '@onceline/postgres';
import { Problem } from '@onceline/service-kit';
import { recordDeed } from './audit-trail.js';
import { claimOpen, type Claimed } from './claim.js';
import type { DeadLetterSource } from './dead-letter.js';
import { stageEnds, stageOf } from './redrive-stages.js';
import type { RedriveBody } from './schemas.js';
import { describeSelection, type Selection } from './selection.js';

/** A redrive as an operator asks for it. */
export interface RedriveOrder {
  readonly body: RedriveBody;
  readonly actor: string;
}

export interface StartedRedrive {
  readonly id: string;
  readonly skipped: readonly { readonly id: string; readonly status: string }[];
}

/** Takes the dead letters and writes down what is to be done with them; {@link SendRedrives} does it. */
export async function startRedrive(
  queries: Queries,
  { body, actor }: RedriveOrder,
  sources: readonly DeadLetterSource[],
): Promise<StartedRedrive> {
  const selection = selectionOf(body);
  const { claimed, skipped } = await claimOpen(queries, selection, 'redriving');
  refuseWithoutWayBack(claimed, sources);
  const id = randomUUID();
  const ends = stageEnds(body.canary);
  const reason = body.reason ?? '';
  await queries.query(
    `insert into retry.redrives (redrive_id, selection, reason, requested_by, rate, stage_ends, selected)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [id, JSON.stringify(selection), reason, actor, body.rate, ends, claimed.length],
  );
  await queries.query(
    `insert into retry.redrive_items (redrive_id, position, dead_letter_id, stage, payload)
     select $1, position, id, stage, $4 from unnest($2::text[], $3::int[]) with ordinality as item (id, stage, position)`,
    [
      id,
      claimed.map((deadLetter) => deadLetter.id),
      claimed.map((_, index) => stageOf(index + 1, ends)),
      correctedPayload(body),
    ],
  );
  await recordDeed(queries, {
    action: 'redrive',
    actor,
    reason,
    redriveId: id,
    deadLetterIds: claimed.map((deadLetter) => deadLetter.id),
    details: {
      selection: describeSelection(selection),
      rate: body.rate,
      canary: body.canary,
      payload: body.payload === undefined ? 'original' : 'corrected',
    },
  });
  return { id, skipped };
}

export function selectionOf({ id, ids, fingerprint, filter }: Partial<Selection>): Selection {
  if (id !== undefined) return { id };
  if (ids !== undefined) return { ids: [...new Set(ids)] };
  if (fingerprint !== undefined) return { fingerprint };
  return filter === undefined ? {} : { filter };
}

export function correctedPayload({ payload }: RedriveBody): Buffer | null {
  if (payload === undefined) return null;
  return 'base64' in payload ? Buffer.from(payload.base64, 'base64') : Buffer.from(payload.text, 'utf8');
}

/** @throws Problem when some of them come from a consumer that takes nothing back */
export function refuseWithoutWayBack(
  taken: readonly Pick<Claimed, 'consumer'>[],
  sources: readonly DeadLetterSource[],
): void {
  const withWayBack = new Set(
    sources.filter(({ redelivery }) => redelivery !== undefined).map(({ consumer }) => consumer),
  );
  const without = [...new Set(taken.map(({ consumer }) => consumer))].filter((consumer) => !withWayBack.has(consumer));
  if (without.length === 0) return;
  throw new Problem(409, {
    title: 'Conflict',
    detail: `Dead letters of ${without.join(' and ')} cannot be redriven: there is no ${without[0]}.redelivery topic, because such a record (no update, or a key that another update has) was refused before any consumer could take it.`,
    field: 'body',
    fix: `Discard them with POST /v1/dead-letters/discard, or leave them out with a filter on consumer (${[...withWayBack].join(', ') || 'none takes any back'}).`,
  });
}
