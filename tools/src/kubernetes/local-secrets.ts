import { join } from 'node:path';
import { credentialSettings, keptIn, newCredentials, newToken, type Credentials } from '../demo-credentials.js';
import { repositoryRoot } from '../repository-root.js';

/** What the overlay `local` must know and nobody else may: bots, API tokens, the master key, and the database's password. */
export type LocalCredentials = Credentials & { readonly password: string };

/** Made once and kept in `.onceline` (mode 600): the database keeps the password that it was made with. */
export function localCredentials(): LocalCredentials {
  return keptIn(join(repositoryRoot(), '.onceline', 'kubernetes.json'), () => ({
    ...newCredentials(),
    password: newToken(),
  }));
}

/** The Secrets that the manifests refer to, as `kubectl apply -f -` takes them. */
export function localSecrets(credentials: LocalCredentials): string {
  const { BOTS = '', API_TOKENS = '', TICKETING_TOKEN = '', MASTER_KEYS = '' } = credentialSettings(credentials);
  const { password } = credentials;
  const secrets: Record<string, Record<string, string>> = {
    'onceline-bots': { BOTS },
    'onceline-api': { API_TOKENS, TICKETING_TOKEN },
    'onceline-encryption': { MASTER_KEYS },
    'onceline-database': { DATABASE_URL: `postgres://onceline:${password}@postgres:5432/onceline` },
    'onceline-postgres': { password },
  };
  const items = Object.entries(secrets).map(([name, stringData]) => secretOf(name, stringData));
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
}

/** One Secret of the namespace. */
export function secretOf(name: string, stringData: Readonly<Record<string, string>>): object {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, stringData };
}

/** Where everything of ours is. */
export const NAMESPACE = 'onceline';
