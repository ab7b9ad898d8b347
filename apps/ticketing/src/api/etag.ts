import { z } from 'zod';
import { etagOf } from '../work/versions.js';

/** What a reply has that headers are set on. */
export interface Reply {
  header(name: string, value: string): unknown;
  status(code: number): unknown;
}

/** Tells the version of what is answered. */
export function setEtag(reply: Reply, version: number): void {
  reply.header('etag', etagOf(version));
}

/** The same for an answer that has its version in it. */
export function withEtag<Answer extends { readonly version: number }>(reply: Reply, answer: Answer): Answer {
  setEtag(reply, answer.version);
  return answer;
}

/** Header `If-Match` as the version that was seen. */
export function ifMatch(what: string) {
  return z
    .string()
    .regex(/^"\d{1,10}"$/, `must be the ETag of the ${what}, e.g. "3", in its quotes`)
    .transform((etag) => Number(etag.slice(1, -1)))
    .optional()
    .describe(`the ETag of the ${what} as you have seen it: 412 when it has changed since`);
}
