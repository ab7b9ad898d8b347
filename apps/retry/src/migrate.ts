import { parseArgs } from 'node:util';
import { runMigrationProgram } from '@onceline/postgres';
import { runMain } from '@onceline/service-kit';
import { readMigrationConfig } from './config.js';
import { MIGRATIONS } from './migrations.js';

/** Runs the pending migrations; with `--check` it only tells which. */
await runMain(async () => {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const { DATABASE_URL: url } = readMigrationConfig();
  process.exitCode = await runMigrationProgram({
    url,
    migrations: [...MIGRATIONS],
    check: values.check,
    print: console.log,
  });
});
