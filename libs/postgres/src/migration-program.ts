import { connectPostgres, type Postgres, type PostgresOptions } from './connect-postgres.js';
import { refusalOf } from './database-refused.js';
import { migrate, pendingMigrations } from './migrations.js';

/** What a service's migration program is to do. */
export interface MigrationProgram {
  readonly database: Pick<PostgresOptions, 'url' | 'tls'>;
  readonly migrations: NonNullable<PostgresOptions['migrations']>;
  /** Only tell what is pending. */
  readonly check: boolean;
  readonly print: (line: string) => void;
}

/**
 * Runs the pending migrations: before a roll-out, once, whatever the number of replicas. Answers the exit code: with `check` nothing is
 * changed, and it is 1 when something is pending, one line each.
 *
 * @throws DatabaseRefused what a later start does not mend, with the fix
 */
export async function runMigrationProgram(program: MigrationProgram): Promise<0 | 1> {
  const { check, print } = program;
  const postgres = await connect(program);
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

async function connect({ database, migrations }: MigrationProgram): Promise<Postgres> {
  try {
    return await connectPostgres({ ...database, applicationName: 'onceline-migrate', migrations });
  } catch (error) {
    throw refusalOf(database, error) ?? error;
  }
}
