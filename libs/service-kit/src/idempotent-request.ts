import { createHash } from 'node:crypto';
import { actorOf } from './actor.js';
import type { ApiToken } from './api-tokens.js';
import { Problem } from './problem.js';

/** A request that may come twice and is to be done once. */
export interface IdempotentRequest {
  /** Value of the header `Idempotency-Key`. */
  readonly key: string | undefined;
  /** Keys of different holders do not meet. */
  readonly actor: string;
  readonly route: string;
  readonly body: unknown;
}

/** What is kept of a request that was done. */
export interface KeptAnswer<Answer> {
  /** {@link requestHash} of it. */
  readonly hash: string;
  readonly answer: Answer;
}

/** Who asks for what, and under which key. @throws Problem 400 for a key that cannot be one */
export function idempotentRequest(
  tokens: readonly ApiToken[],
  route: string,
  { headers, body }: { headers: Readonly<Record<string, string | undefined>>; body: unknown },
): IdempotentRequest {
  const key = headers['idempotency-key'];
  if (key !== undefined && !/^[\x21-\x7e]{1,255}$/.test(key)) throw badKey();
  return { key, actor: actorOf(headers['authorization'], tokens), route, body };
}

/** Tells whether a key comes again with the same request. */
export function requestHash({ route, body }: IdempotentRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([route, body ?? null]))
    .digest('hex');
}

/** The answer that the request got when it was done. @throws Problem 422 when the key was used for another one */
export function firstAnswer<Answer>(kept: KeptAnswer<Answer> | undefined, hash: string): Answer {
  if (kept?.hash === hash) return kept.answer;
  throw new Problem(422, {
    title: 'Unprocessable Content',
    detail: 'This Idempotency-Key was used for another request.',
    field: 'headers.idempotency-key',
    fix: 'Use a new key for a new request.',
  });
}

function badKey(): Problem {
  return new Problem(400, {
    title: 'Bad Request',
    detail: 'headers.idempotency-key: must be 1 to 255 visible ASCII characters',
    field: 'headers.idempotency-key',
    fix: 'Send a random identifier, e.g. a UUID.',
  });
}
