import { setTimeout as sleep } from 'node:timers/promises';
import { OutageBreaker } from '@onceline/retry-policy';
import { connectPostgres, type Postgres, type PostgresOptions } from './connect-postgres.js';
import { DatabaseRefused, refusalOf } from './database-refused.js';
import { pendingMigrations } from './migrations.js';

/** How a service opens its database. */
export interface OpenOptions extends PostgresOptions {
  /** What runs the migrations of this service, e.g. `apps/ticketing/dist/migrate.js`. */
  readonly migrationProgram: string;
  /** Told before each pause, in milliseconds. */
  readonly onWait: (error: unknown, afterMs: number) => void;
}

/**
 * Connects, and waits while the database is away: a restart would not bring it back any sooner.
 * @throws DatabaseRefused also when migrations are pending, with the command that mends it
 */
export async function openMigrated(options: OpenOptions): Promise<Postgres> {
  const postgres = await connectPatiently(options);
  try {
    await requireMigrations(postgres, options.migrationProgram);
    return postgres;
  } catch (error) {
    await postgres.close();
    throw error;
  }
}

async function connectPatiently({ onWait, ...options }: OpenOptions): Promise<Postgres> {
  const breaker = new OutageBreaker();
  for (;;) {
    try {
      return await connectPostgres(options);
    } catch (error) {
      const refusal = refusalOf(options, error);
      if (refusal !== undefined) throw refusal;
      const afterMs = breaker.failed('database unavailable', Date.now());
      onWait(error, afterMs);
      await sleep(afterMs);
    }
  }
}

async function requireMigrations(postgres: Postgres, program: string): Promise<void> {
  const pending = await pendingMigrations(postgres);
  if (pending.length === 0) return;
  throw new DatabaseRefused(
    `The database lacks migrations: ${pending.join(', ')}.\nFix: run: npm run provision (or node ${program})`,
  );
}
