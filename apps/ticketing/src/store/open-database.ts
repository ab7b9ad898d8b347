import { DatabaseRefused, openMigrated, type Postgres, type PostgresOptions } from '@onceline/postgres';
import { StartRefused, type Logger } from '@onceline/service-kit';
import { MIGRATIONS } from './migrations.js';

/** @throws StartRefused what waiting does not mend, with the fix */
export async function openDatabase(
  database: Pick<PostgresOptions, 'url' | 'tls'>,
  logger: Pick<Logger, 'warn'>,
): Promise<Postgres> {
  try {
    return await openMigrated({
      ...database,
      applicationName: 'onceline-ticketing',
      migrations: [...MIGRATIONS],
      migrationProgram: 'apps/ticketing/dist/migrate.js',
      onConnectionLost: (error) => logger.warn({ err: error }, 'database connection lost'),
      onWait: (error, afterMs) => logger.warn({ err: error, afterMs }, 'database unavailable at start, waiting'),
    });
  } catch (error) {
    throw asStartRefusal(error);
  }
}

/** What the database refuses as what refuses the start of a program. */
export function asStartRefusal(error: unknown): unknown {
  return error instanceof DatabaseRefused ? new StartRefused(error.message, { cause: error }) : error;
}
