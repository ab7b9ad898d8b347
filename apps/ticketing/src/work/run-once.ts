import { firstAnswer, requestHash, type IdempotentRequest, type KeptAnswer } from '@onceline/service-kit';
import type { Session } from '../store/session.js';

/** A statement of its own: one that deleted and inserted at once would still meet what it deletes. */
const FORGET = {
  name: 'forget-requests',
  text: `delete from ticketing.idempotent_requests where made_at < now() - interval '7 days'`,
};
const CLAIM = {
  name: 'claim-request',
  text: `insert into ticketing.idempotent_requests (actor, idempotency_key, request_hash) values ($1, $2, $3)
    on conflict do nothing`,
};
const KEPT = {
  name: 'kept-answer',
  text: `select request_hash as hash, response as answer from ticketing.idempotent_requests
    where actor = $1 and idempotency_key = $2`,
};
const KEEP = {
  name: 'keep-answer',
  text: `update ticketing.idempotent_requests set response = $3 where actor = $1 and idempotency_key = $2`,
};

const LET_GO = {
  name: 'let-request-go',
  text: `delete from ticketing.idempotent_requests where actor = $1 and idempotency_key = $2`,
};

/**
 * Does what a request asks for once for each key: a repeat, also one that comes at the same moment, gets the first answer. Inside the caller's
 * transaction, so that only what was done is kept.
 */
export async function runOnce<Answer>(
  session: Session,
  request: IdempotentRequest,
  act: () => Promise<Answer>,
): Promise<Answer> {
  const { key, actor } = request;
  if (key === undefined) return act();
  const hash = requestHash(request);
  await session.query(FORGET, []);
  const { rowCount } = await session.query(CLAIM, [actor, key, hash]);
  if (rowCount === 0) {
    const { rows } = await session.query<KeptAnswer<Answer>>(KEPT, [actor, key]);
    return firstAnswer(rows[0], hash);
  }
  const answer = await act();
  // Nothing was done, so there is nothing that must not be done again.
  if (answer === null) await session.query(LET_GO, [actor, key]);
  else await session.query(KEEP, [actor, key, JSON.stringify(answer)]);
  return answer;
}
