import { connectPostgres, migrate } from '@onceline/postgres';
import { runMain } from '@onceline/service-kit';
import { readMigrationConfig } from './config.js';
import { MIGRATIONS } from './migrations.js';

/** Runs the pending migrations: before a roll-out, once, whatever the number of replicas. */
await runMain(async () => {
  const { DATABASE_URL: url } = readMigrationConfig();
  const postgres = await connectPostgres({ url, applicationName: 'onceline-migrate', migrations: [...MIGRATIONS] });
  try {
    const names = await migrate(postgres);
    console.log(names.length === 0 ? 'migrations: nothing to do' : `migrations: ran ${names.join(', ')}`);
  } finally {
    await postgres.close();
  }
});
