import { hashToken, type ApiToken } from '@onceline/service-kit';

const SHOWN_DIGITS = 8;

/**
 * Who holds the token of a request, as the audit trail names him: role and first digits of the token's hash, which
 * `npm run token` prints. The guard has checked the token before.
 */
export function actorOf(authorization: string | undefined, tokens: readonly ApiToken[]): string {
  const token = /^Bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1] ?? '';
  const hash = hashToken(token);
  const held = tokens.filter(({ sha256 }) => sha256.toString('hex') === hash).map(({ role }) => role);
  return `${held.includes('admin') ? 'admin' : (held[0] ?? 'nobody')}:${hash.slice(0, SHOWN_DIGITS)}`;
}
