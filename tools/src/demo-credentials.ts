import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Bots and API tokens of a system that runs without a Telegram account. */
export interface Credentials {
  readonly bots: readonly { readonly id: string; readonly secret: string }[];
  readonly tokens: { readonly viewer: string; readonly agent: string; readonly admin: string };
}

/** Bots of the embedded stack. Their secrets are public: it listens on loopback only. */
export const DEMO_BOTS = ['1000001', '1000002', '1000003'].map((id) => ({ id, secret: `demo-secret-${id}` }));

/** Makes new API tokens. */
export function newCredentials(): Credentials {
  return { bots: DEMO_BOTS, tokens: { viewer: newToken(), agent: newToken(), admin: newToken() } };
}

/** A token that nobody can guess. */
export function newToken(): string {
  return randomBytes(24).toString('base64url');
}

/** A token as `API_TOKENS` holds it. */
export function tokenLine(role: string, token: string, name?: string): string {
  const line = `${role}:${createHash('sha256').update(token).digest('hex')}`;
  return name === undefined ? line : `${line}:${name}`;
}

/** The credentials in a file, written there (mode 600) the first time, so that tokens outlive a restart. */
export function credentialsIn(file: string): Credentials {
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as Credentials;
  const credentials = newCredentials();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(credentials, null, 2), { mode: 0o600 });
  return credentials;
}

/** Settings that give services these credentials. Tokens travel as hashes; only who calls a service has one in plain words. */
export function credentialSettings({ bots, tokens }: Credentials): Record<string, string> {
  const hashed = Object.entries(tokens).map(([role, token]) => tokenLine(role, token));
  return {
    BOTS: JSON.stringify(bots.map(({ id, secret }) => ({ id, secrets: [secret] }))),
    API_TOKENS: hashed.join(','),
    TICKETING_TOKEN: tokens.admin,
  };
}
