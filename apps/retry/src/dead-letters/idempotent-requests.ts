import { createHash } from 'node:crypto';
import type { Postgres, Queries } from '@onceline/postgres';
import { Problem } from '@onceline/service-kit';

/** A POST that may come twice. */
export interface PostRequest {
  /** Value of the header `Idempotency-Key`. */
  readonly key: string | undefined;
  /** Keys of different holders do not meet. */
  readonly actor: string;
  readonly route: string;
  readonly body: unknown;
}

interface KeptAnswer {
  request_hash: string;
  response: unknown;
}

const KEPT_FOR = '7 days';

/**
 * Does what a POST asks for in one transaction, once for each key: a repeat gets the first answer. Only what was done is
 * kept; a request that failed may be made again under its key.
 */
export async function once<Answer>(
  postgres: Pick<Postgres, 'transaction'>,
  request: PostRequest,
  act: (queries: Queries) => Promise<Answer>,
): Promise<Answer> {
  const { key, actor } = request;
  if (key === undefined) return postgres.transaction(act);
  refuseBadKey(key);
  return postgres.transaction(async (queries) => {
    const hash = createHash('sha256')
      .update(JSON.stringify([request.route, request.body ?? null]))
      .digest('hex');
    const [claimed] = await queries.query(
      `insert into retry.idempotent_requests (token, idempotency_key, request_hash) values ($1, $2, $3)
       on conflict do nothing returning 1 as claimed`,
      [actor, key, hash],
    );
    if (!claimed) return keptAnswer<Answer>(queries, { actor, key, hash });
    const answer = await act(queries);
    await queries.query(
      `update retry.idempotent_requests set response = $3 where token = $1 and idempotency_key = $2`,
      [actor, key, JSON.stringify(answer)],
    );
    return answer;
  });
}

/** Forgets old keys. */
export async function forgetOldRequests(queries: Queries): Promise<void> {
  await queries.query(`delete from retry.idempotent_requests where made_at < now() - interval '${KEPT_FOR}'`);
}

async function keptAnswer<Answer>(
  queries: Queries,
  { actor, key, hash }: { actor: string; key: string; hash: string },
): Promise<Answer> {
  const [kept] = await queries.query<KeptAnswer>(
    `select request_hash, response from retry.idempotent_requests where token = $1 and idempotency_key = $2`,
    [actor, key],
  );
  if (kept?.request_hash === hash) return kept.response as Answer;
  throw new Problem(422, {
    title: 'Unprocessable Content',
    detail: 'This Idempotency-Key was used for another request.',
    field: 'headers.idempotency-key',
    fix: 'Use a new key for a new request.',
  });
}

function refuseBadKey(key: string): void {
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return;
  throw new Problem(400, {
    title: 'Bad Request',
    detail: 'headers.idempotency-key: must be 1 to 255 visible ASCII characters',
    field: 'headers.idempotency-key',
    fix: 'Send a random identifier, e.g. a UUID.',
  });
}
