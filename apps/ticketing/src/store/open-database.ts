import { DatabaseRefused, openMigrated, type Postgres, type PostgresOptions } from '@onceline/postgres';
import { StartRefused, type Logger } from '@onceline/service-kit';
import { MIGRATIONS } from './migrations.js';

/**
 * @param changes what is not as the service has it
 * @throws StartRefused what waiting does not mend, with the fix
 */
export async function openDatabase(
  database: Pick<PostgresOptions, 'url' | 'tls'>,
  logger: Pick<Logger, 'warn'>,
  changes: Partial<PostgresOptions> = {},
): Promise<Postgres> {
  try {
    return await openMigrated({
      ...database,
      applicationName: 'onceline-ticketing',
      migrations: [...MIGRATIONS],
      migrationProgram: 'apps/ticketing/dist/migrate.js',
      onConnectionLost: (error) => logger.warn({ err: error }, 'database connection lost'),
      onWait: (error, afterMs) => logger.warn({ err: error, afterMs }, 'database unavailable at start, waiting'),
      ...changes,
    });
  } catch (error) {
    throw asStartRefusal(error);
  }
}

/** For a program of this app, whose statements take as long as they take. */
export function openForProgram(name: string, database: Pick<PostgresOptions, 'url' | 'tls'>): Promise<Postgres> {
  const logger = { warn: (_context: unknown, line: string) => console.error(line) };
  const limits = { poolSize: 4, statementTimeoutMs: 0, idleInTransactionTimeoutMs: 0 };
  return openDatabase(database, logger as Pick<Logger, 'warn'>, { applicationName: `onceline-${name}`, ...limits });
}

/** What the database refuses as what refuses the start of a program. */
export function asStartRefusal(error: unknown): unknown {
  return error instanceof DatabaseRefused ? new StartRefused(error.message, { cause: error }) : error;
}
