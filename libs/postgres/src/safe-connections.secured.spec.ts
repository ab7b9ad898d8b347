/** The real client against a server that is reached by TLS only. */
import { readFileSync } from 'node:fs';
import { createAuthority, startSafeStack, startStack, type SafeStack } from '@onceline/local-stack';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import {
  connectPostgres,
  DatabaseRefused,
  openMigrated,
  runMigrationProgram,
  type PostgresOptions,
  type PostgresTls,
} from './index.js';

class CreateNotes1700000000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('create table notes (n int)');
  }
  async down(): Promise<void> {}
}

let stack: SafeStack;
beforeAll(async () => {
  stack = await startSafeStack();
}, 120_000);
afterAll(() => stack?.stop(), 60_000);

const textIn = (file: string) => readFileSync(file, 'utf8');
const trusting = (): PostgresTls => ({ ca: textIn(stack.authority.certFile), rejectUnauthorized: true });
const certified = (): PostgresTls => {
  const { certFile, keyFile } = stack.client;
  return { ...trusting(), cert: textIn(certFile), key: textIn(keyFile) };
};

async function isEncrypted(database: Pick<PostgresOptions, 'url' | 'tls'>): Promise<boolean> {
  const postgres = await connectPostgres({ ...database, applicationName: 'secured' });
  try {
    const rows = await postgres.query<{ ssl: boolean }>('select ssl from pg_stat_ssl where pid = pg_backend_pid()');
    return rows[0]!.ssl;
  } finally {
    await postgres.close();
  }
}

/** The sentence of a start that is refused. */
async function refusalOf(database: Pick<PostgresOptions, 'url' | 'tls'>): Promise<string> {
  const onWait = () => {
    throw new Error('It waits for what waiting does not mend.');
  };
  const options = { ...database, applicationName: 'secured', migrationProgram: 'migrate.js', onWait };
  const error = await openMigrated(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DatabaseRefused);
  return (error as Error).message;
}

describe('a server that asks for TLS', () => {
  it.each([
    ['with its certificate checked', () => ({ url: stack.databaseUrl, tls: trusting() })],
    ['with any certificate', () => ({ url: stack.databaseUrl, tls: { rejectUnauthorized: false } })],
    ['by a name', () => ({ url: stack.databaseUrl.replace('127.0.0.1', 'localhost'), tls: trusting() })],
    ['with a certificate of the client', () => ({ url: stack.certifiedDatabaseUrl, tls: certified() })],
  ])('answers %s', async (_, database) => {
    expect(await isEncrypted(database())).toBe(true);
  });

  it('runs migrations, which have connections of their own', async () => {
    const lines: string[] = [];
    const program = {
      database: { url: stack.certifiedDatabaseUrl, tls: certified() },
      migrations: [CreateNotes1700000000001],
      print: (line: string) => void lines.push(line),
    };
    expect(await runMigrationProgram({ ...program, check: false })).toBe(0);
    expect(await runMigrationProgram({ ...program, check: true })).toBe(0);
    expect(lines).toEqual(['migrations: ran CreateNotes1700000000001']);
  });
});

describe('a client that is wrong is told what to mend', () => {
  it('no TLS', async () => {
    const refusal = await refusalOf({ url: stack.databaseUrl });
    expect(refusal).toMatch(/lets nobody in without TLS\.\nFix: set DATABASE_TLS to verify/);
    await expect(
      runMigrationProgram({
        database: { url: stack.databaseUrl },
        migrations: [],
        check: true,
        print: () => undefined,
      }),
    ).rejects.toThrow(refusal);
  });

  it('an authority that is not that of the server', async () => {
    const other = await createAuthority(`${stack.authority.certFile}.d`, 'somebody-else');
    for (const tls of [{ ...trusting(), ca: textIn(other.certFile) }, { rejectUnauthorized: true }]) {
      expect(await refusalOf({ url: stack.databaseUrl, tls })).toMatch(
        /not from an authority that is trusted here .*\nFix: set DATABASE_TLS_CA_FILE/,
      );
    }
  });

  it('no certificate where one is wanted', async () => {
    expect(await refusalOf({ url: stack.certifiedDatabaseUrl, tls: trusting() })).toMatch(
      /wants a certificate .*\nFix: set DATABASE_TLS_CERT_FILE and DATABASE_TLS_KEY_FILE/,
    );
  });

  it('TLS where there is none', async () => {
    const plain = await startStack({ mode: 'embedded', kafka: false, durable: false });
    try {
      const refusal = await refusalOf({ url: plain.postgres.url, tls: trusting() });
      expect(refusal).toMatch(/does not speak TLS .*\nFix: set DATABASE_TLS to off/);
    } finally {
      await plain.stop();
    }
  });

  it('a wrong password, which is not repeated', async () => {
    const wrong = new URL(stack.databaseUrl);
    wrong.password = 'not-the-password';
    const refusal = await refusalOf({ url: wrong.href, tls: trusting() });
    expect(refusal).toMatch(/refuses user onceline .*the password is wrong/);
    expect(refusal).not.toContain('not-the-password');
  });
});
