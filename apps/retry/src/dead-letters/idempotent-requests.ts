import type { Postgres, Queries } from '@onceline/postgres';
import { firstAnswer, requestHash, type IdempotentRequest, type KeptAnswer } from '@onceline/service-kit';

const KEPT_FOR = '7 days';

/**
 * Does what a POST asks for in one transaction, once for each key: a repeat gets the first answer. Only what was done is
 * kept; a request that failed may be made again under its key.
 */
export async function once<Answer>(
  postgres: Pick<Postgres, 'transaction'>,
  request: IdempotentRequest,
  act: (queries: Queries) => Promise<Answer>,
): Promise<Answer> {
  const { key, actor } = request;
  if (key === undefined) return postgres.transaction(act);
  return postgres.transaction(async (queries) => {
    const hash = requestHash(request);
    const [claimed] = await queries.query(
      `insert into retry.idempotent_requests (token, idempotency_key, request_hash) values ($1, $2, $3)
       on conflict do nothing returning 1 as claimed`,
      [actor, key, hash],
    );
    if (!claimed) return firstAnswer(await keptAnswer<Answer>(queries, actor, key), hash);
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

async function keptAnswer<Answer>(queries: Queries, actor: string, key: string) {
  const [kept] = await queries.query<KeptAnswer<Answer>>(
    `select request_hash as hash, response as answer from retry.idempotent_requests where token = $1 and idempotency_key = $2`,
    [actor, key],
  );
  return kept;
}
