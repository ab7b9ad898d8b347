import { connectPostgres, type PostgresOptions } from './connect-postgres.js';
import { migrate, pendingMigrations } from './migrations.js';

/** What a service's migration program is to do. */
export interface MigrationProgram {
  readonly url: string;
  readonly migrations: NonNullable<PostgresOptions['migrations']>;
  /** Only tell what is pending. */
  readonly check: boolean;
  readonly print: (line: string) => void;
}

/**
 * Runs the pending migrations: before a roll-out, once, whatever the number of replicas. Answers the exit code: with `check` nothing is
 * changed, and it is 1 when something is pending, one line each.
 */
export async function runMigrationProgram({ url, migrations, check, print }: MigrationProgram): Promise<0 | 1> {
  const postgres = await connectPostgres({ url, applicationName: 'onceline-migrate', migrations });
  try {
    if (check) {
      const pending = await pendingMigrations(postgres);
      for (const name of pending) print(`migration ${name} has not run`);
      return pending.length === 0 ? 0 : 1;
    }
    const names = await migrate(postgres);
    print(names.length === 0 ? 'migrations: nothing to do' : `migrations: ran ${names.join(', ')}`);
    return 0;
  } finally {
    await postgres.close();
  }
}
