// Runs in the image `setup`, before everything else: makes what the compose system's services must know and nobody else may.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentialSettings, credentialsIn, newToken, type Credentials } from './demo-credentials.js';

/** A volume of the engine: not in an image, not in the compose file, gone with `down -v`. */
const FOLDER = '/credentials';
const PASSWORD = join(FOLDER, 'postgres-password');

/** Which service is given which settings; each reads its file with `node --env-file`. */
const SETTINGS_OF = {
  ingress: ['BOTS'],
  ticketing: ['DATABASE_URL', 'API_TOKENS', 'MASTER_KEYS'],
  retry: ['DATABASE_URL', 'API_TOKENS', 'TICKETING_TOKEN'],
  setup: ['DATABASE_URL'],
} as const;

function main(): void {
  const credentials = credentialsIn(join(FOLDER, 'credentials.json'));
  // PostgreSQL's image reads it as another user; the volume is mounted where it is needed only.
  if (!existsSync(PASSWORD)) writeFileSync(PASSWORD, newToken(), { mode: 0o644 });
  const password = readFileSync(PASSWORD, 'utf8');
  if (process.argv[2] === '--show') return void console.log(JSON.stringify({ ...credentials, password }));
  writeSettings(credentials, password);
  console.log(
    'credentials: ok, in the volume "credentials"; `docker compose run --rm credentials … --show` prints them',
  );
}

function writeSettings(credentials: Credentials, password: string): void {
  const settings: Record<string, string> = {
    ...credentialSettings(credentials),
    DATABASE_URL: `postgres://onceline:${password}@postgres:5432/onceline`,
  };
  for (const [service, names] of Object.entries(SETTINGS_OF)) {
    const file = join(FOLDER, `${service}.env`);
    writeFileSync(file, names.map((name) => `${name}='${settings[name]}'\n`).join(''), { mode: 0o600 });
    chmodSync(file, 0o600);
  }
}

main();
