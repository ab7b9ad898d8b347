import { setTimeout as sleep } from 'node:timers/promises';
import { connectPostgres, isUnavailable, pendingMigrations, type Postgres } from '@onceline/postgres';
import { OutageBreaker } from '@onceline/retry-policy';
import { StartRefused, type Logger } from '@onceline/service-kit';
import { MIGRATIONS } from './migrations.js';

const REFUSALS: Readonly<Record<string, string>> = {
  '28P01': 'the password is wrong',
  '28000': 'the user may not connect',
  '3D000': 'the database does not exist',
};

/**
 * Connects, and waits while the database is away: a restart would not bring it back any sooner. What waiting does not mend
 * refuses the start.
 */
export async function openDatabase(url: string, logger: Pick<Logger, 'warn'>): Promise<Postgres> {
  const breaker = new OutageBreaker();
  for (;;) {
    try {
      return await connectPostgres({
        url,
        applicationName: 'onceline-ticketing',
        migrations: [...MIGRATIONS],
        onConnectionLost: (error) => logger.warn({ err: error }, 'database connection lost'),
      });
    } catch (error) {
      if (!isUnavailable(error)) throw refused(url, error);
      const afterMs = breaker.failed('database unavailable', Date.now());
      logger.warn({ err: error, afterMs }, 'database unavailable at start, waiting');
      await sleep(afterMs);
    }
  }
}

/** @throws StartRefused with the command that mends it */
export async function requireMigrations(postgres: Postgres): Promise<void> {
  const pending = await pendingMigrations(postgres);
  if (pending.length === 0) return;
  throw new StartRefused(
    `The database lacks migrations: ${pending.join(', ')}.\nFix: run: npm run provision (or node apps/ticketing/dist/migrate.js)`,
  );
}

function refused(url: string, error: unknown): Error {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const why = REFUSALS[String(code)] ?? String(message);
  const { username, host, pathname } = new URL(url);
  return new StartRefused(
    `PostgreSQL refuses user ${username} at ${host}${pathname}: ${why}.\nFix: correct DATABASE_URL, or create what it names.`,
    { cause: error },
  );
}
