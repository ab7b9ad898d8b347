import { DatabaseRefused, openMigrated, type Postgres } from '@onceline/postgres';
import { StartRefused, type Logger } from '@onceline/service-kit';
import { MIGRATIONS } from './migrations.js';

/** @throws StartRefused what waiting does not mend, with the fix */
export async function openDatabase(url: string, logger: Pick<Logger, 'warn'>): Promise<Postgres> {
  try {
    return await openMigrated({
      url,
      applicationName: 'onceline-ticketing',
      migrations: [...MIGRATIONS],
      migrationProgram: 'apps/ticketing/dist/migrate.js',
      onConnectionLost: (error) => logger.warn({ err: error }, 'database connection lost'),
      onWait: (error, afterMs) => logger.warn({ err: error, afterMs }, 'database unavailable at start, waiting'),
    });
  } catch (error) {
    throw error instanceof DatabaseRefused ? new StartRefused(error.message, { cause: error }) : error;
  }
}
