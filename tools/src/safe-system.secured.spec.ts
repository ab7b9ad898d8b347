// The whole system, as `npm start` runs it on a cluster and a database of your own: here on such that take nothing but TLS, and want
// a password. Then programs that are set wrongly, each with the sentence it ends with.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, startSafeStack, type SafeStack } from '@onceline/local-stack';
import { eventually } from '@onceline/testing';
import { newCredentials, credentialSettings } from './demo-credentials.js';
import { repositoryRoot } from './repository-root.js';
import { System } from './system.js';

let stack: SafeStack;
let system: System;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onceline-spec-'));
  stack = await startSafeStack();
  Object.assign(process.env, settings(), { PARTITIONS: '3' });
  system = await System.start({ folder });
}, 240_000);
afterAll(async () => {
  await system?.stop();
  await stack?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

function settings(): Record<string, string> {
  return {
    KAFKA_BROKERS: stack.brokers.login,
    KAFKA_TLS: 'verify',
    KAFKA_TLS_CA_FILE: stack.authority.certFile,
    KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
    KAFKA_SASL_USERNAME: stack.login.username,
    KAFKA_SASL_PASSWORD: stack.login.password,
    DATABASE_URL: stack.certifiedDatabaseUrl,
    DATABASE_TLS: 'verify',
    DATABASE_TLS_CA_FILE: stack.authority.certFile,
    DATABASE_TLS_CERT_FILE: stack.client.certFile,
    DATABASE_TLS_KEY_FILE: stack.client.keyFile,
  };
}

interface Ending {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of ours to its end. */
function run(program: string, changes: Readonly<Record<string, string>> = {}, args: string[] = []): Promise<Ending> {
  const env = { ...process.env, ...credentialSettings(newCredentials()), PORT: '0', ...changes };
  return new Promise((resolve) => {
    const file = join(repositoryRoot(), program);
    execFile(process.execPath, [file, ...args], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function post(updateId: number): Promise<number> {
  const { ingress, bots } = system.access();
  const [bot] = bots;
  const from = { id: 42, is_bot: false, first_name: 'Ada' };
  const message = { message_id: updateId, date: 1_760_000_000, chat: { id: 42, type: 'private' }, from, text: 'help' };
  const response = await fetch(`${ingress}/telegram/${bot?.id}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': bot?.secret ?? '' },
    body: JSON.stringify({ update_id: updateId, message }),
  });
  return response.status;
}

async function ledger(updateId: number): Promise<{ outcome?: string; duplicates?: unknown[] }> {
  const { ticketing, bots, tokens } = system.access();
  const key = `tg1:${bots[0]?.id}:message:42:${updateId}:${updateId}`;
  const response = await fetch(`${ticketing}/v1/ledger/${encodeURIComponent(key)}`, {
    headers: { authorization: `Bearer ${tokens.viewer}` },
  });
  return (await response.json()) as { outcome?: string; duplicates?: unknown[] };
}

it('an update becomes a ticket, its copy does not, and the books balance', async () => {
  expect(await post(1)).toBe(200);
  await eventually(async () => expect(await ledger(1)).toMatchObject({ outcome: 'ticket-opened' }));
  expect(await post(1)).toBe(200);
  await eventually(async () => expect((await ledger(1)).duplicates).toHaveLength(1));
  expect(await system.audit(20_000)).toMatchObject({ balanced: true, raw: 2, unique: 1, duplicates: 1 });
});

it('the commands read the same settings', async () => {
  const check = await run('tools/dist/provision.js', {}, ['--check']);
  expect(check).toMatchObject({ code: 0, stdout: expect.stringMatching(/provision: ok\n$/) });
  const addresses = ['--kafka', stack.brokers.login, '--database', stack.certifiedDatabaseUrl];
  const audit = await run('tools/dist/audit.js', {}, addresses);
  expect(audit).toMatchObject({ code: 0, stdout: expect.stringMatching(/audit: balanced\n$/) });
  expect(await run('apps/retry/dist/migrate.js', {}, ['--check'])).toMatchObject({ code: 0 });
});

describe('what is set wrongly ends the start with what to mend', () => {
  const programs = ['ingress', 'dedupe', 'ticketing', 'retry'].map((name) => `apps/${name}/dist/main.js`);
  const noStack = expect.not.stringMatching(/\n\s+at /);

  it.each(programs)('a password that the broker refuses: %s', async (program) => {
    const { code, stdout, stderr } = await run(program, { KAFKA_SASL_PASSWORD: 'not-the-password' });
    expect({ code, stderr }).toEqual({ code: 78, stderr: noStack });
    expect(stderr).toMatch(/does not accept user and password .*KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD/);
    expect(stdout + stderr).not.toContain('not-the-password');
  });

  it('an authority that signed for neither server', async () => {
    const { certFile } = await createAuthority(join(folder, 'other'), 'somebody-else');
    const dedupe = await run('apps/dedupe/dist/main.js', { KAFKA_TLS_CA_FILE: certFile });
    expect(dedupe).toMatchObject({ code: 78, stderr: expect.stringContaining('set KAFKA_TLS_CA_FILE to') });
    const other = { DATABASE_TLS_CA_FILE: certFile };
    for (const program of ['apps/ticketing/dist/main.js', 'apps/retry/dist/migrate.js']) {
      const ended = await run(program, other);
      expect(ended).toMatchObject({ code: 78, stderr: expect.stringContaining('set DATABASE_TLS_CA_FILE to') });
      expect(ended.stderr).toEqual(noStack);
    }
    const addresses = ['--kafka', stack.brokers.login, '--database', stack.certifiedDatabaseUrl];
    const audit = await run('tools/dist/audit.js', other, addresses);
    expect(audit).toMatchObject({ code: 1, stderr: expect.stringContaining('set DATABASE_TLS_CA_FILE to') });
  });

  it('plain connections to a listener with TLS', async () => {
    const plain = Object.fromEntries(
      Object.keys(settings()).map((name) => [name, name.includes('_TLS') ? '' : settings()[name]!]),
    );
    const dedupe = await run('apps/dedupe/dist/main.js', plain);
    expect(dedupe).toMatchObject({ code: 69, stderr: expect.stringMatching(/closes each connection, KAFKA_TLS and/) });
    const retry = await run('apps/retry/dist/main.js', plain);
    expect(retry).toMatchObject({ code: 78, stderr: expect.stringContaining('Fix: set DATABASE_TLS to verify') });
    const provision = await run('tools/dist/provision.js', plain);
    expect(provision).toMatchObject({ code: 1, stdout: 'provision: failed\n' });
  });

  it('files that are not there', async () => {
    const { code, stderr } = await run('apps/retry/dist/main.js', {
      KAFKA_TLS_CA_FILE: '/no/such/file',
      DATABASE_TLS_KEY_FILE: '/no/such/key',
    });
    expect(code).toBe(78);
    expect(stderr).toContain(
      'KAFKA_TLS_CA_FILE=/no/such/file: it cannot be read (ENOENT). Fix: set KAFKA_TLS_CA_FILE to',
    );
    expect(stderr).toContain('DATABASE_TLS_KEY_FILE=/no/such/key: it cannot be read (ENOENT)');
  });
});

it('no log holds a password or a key', () => {
  const logs = join(folder, 'logs');
  const texts = readdirSync(logs).map((name) => readFileSync(join(logs, name), 'utf8'));
  expect(texts).toHaveLength(4);
  const secrets = [stack.login.password, new URL(stack.databaseUrl).password, 'PRIVATE KEY'];
  for (const text of texts) for (const secret of secrets) expect(text).not.toContain(secret);
});
