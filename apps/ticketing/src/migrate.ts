import { parseArgs } from 'node:util';
import { runMigrationProgram } from '@onceline/postgres';
import { databaseSecurity, runMain } from '@onceline/service-kit';
import { readMigrationConfig } from './config.js';
import { MIGRATIONS } from './store/migrations.js';
import { asStartRefusal } from './store/open-database.js';

/** Runs the pending migrations; with `--check` it only tells which. */
await runMain(async () => {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const config = readMigrationConfig();
  const database = { url: config.DATABASE_URL, ...databaseSecurity(config) };
  const program = { database, migrations: [...MIGRATIONS], check: values.check, print: console.log };
  process.exitCode = await runMigrationProgram(program).catch((error: unknown) => {
    throw asStartRefusal(error);
  });
});
