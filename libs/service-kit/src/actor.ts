import { hashToken, type ApiToken } from './api-tokens.js';
import { ROLES } from './roles.js';

const SHOWN_DIGITS = 8;

/**
 * Who holds the token of a request, as histories name him: the name of the token, or, when it has none, its role and the first digits of its
 * hash, which `npm run token` prints. The guard has checked the token before.
 */
export function actorOf(authorization: string | undefined, tokens: readonly ApiToken[]): string {
  const token = /^Bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1] ?? '';
  const hash = hashToken(token);
  const held = tokens.filter(({ sha256 }) => sha256.toString('hex') === hash);
  const strongest = held.toSorted((a, b) => ROLES.indexOf(b.role) - ROLES.indexOf(a.role))[0];
  return strongest?.name ?? `${strongest?.role ?? 'nobody'}:${hash.slice(0, SHOWN_DIGITS)}`;
}
