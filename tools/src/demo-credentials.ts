import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Bots and API tokens of a system that runs without a Telegram account. */
export interface Credentials {
  readonly bots: readonly { readonly id: string; readonly secret: string }[];
  readonly tokens: { readonly viewer: string; readonly agent: string; readonly admin: string };
  /** As `MASTER_KEYS` holds it. */
  readonly masterKey: string;
}

/** Bots of the embedded stack. Their secrets are public: it listens on loopback only. */
export const DEMO_BOTS = ['1000001', '1000002', '1000003'].map((id) => ({ id, secret: `demo-secret-${id}` }));

/** Makes new API tokens and a new master key. */
export function newCredentials(): Credentials {
  const tokens = { viewer: newToken(), agent: newToken(), admin: newToken() };
  return { bots: DEMO_BOTS, tokens, masterKey: masterKeyLine('demo') };
}

/** A new master key as `MASTER_KEYS` holds it. */
export function masterKeyLine(id: string): string {
  return `${id}:${randomBytes(32).toString('base64')}`;
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

/** The credentials in a file, written there (mode 600) the first time, so that they outlive a restart. */
export function credentialsIn(file: string): Credentials {
  return keptIn(file, newCredentials);
}

/** What is in a file, with what an older version did not write there made now. */
export function keptIn<Kept extends object>(file: string, make: () => Kept): Kept {
  const written = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const kept = { ...make(), ...(written === '' ? {} : (JSON.parse(written) as Partial<Kept>)) };
  const text = JSON.stringify(kept, null, 2);
  if (text === written) return kept;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
  return kept;
}

/** Settings that give services these credentials. Tokens travel as hashes; only who calls a service has one in plain words. */
export function credentialSettings({ bots, tokens, masterKey }: Credentials): Record<string, string> {
  const hashed = Object.entries(tokens).map(([role, token]) => tokenLine(role, token));
  return {
    BOTS: JSON.stringify(bots.map(({ id, secret }) => ({ id, secrets: [secret] }))),
    API_TOKENS: hashed.join(','),
    TICKETING_TOKEN: tokens.admin,
    MASTER_KEYS: masterKey,
  };
}
