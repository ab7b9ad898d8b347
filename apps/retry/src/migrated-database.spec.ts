import { connectPostgres, migrate, type Postgres } from '@onceline/postgres';
import { uniqueName, useStack } from '@onceline/testing';
import { MIGRATIONS } from './migrations.js';

/** A database of its own with the tables of this service, on the stack of the spec's file. */
export async function migratedDatabase(): Promise<{ readonly url: string; readonly postgres: Postgres }> {
  const stack = await useStack({ kafka: false });
  const url = await stack.postgres.createDatabase(uniqueName('retry').replaceAll(/[^a-z0-9_]/g, '_'));
  const postgres = await connectPostgres({ url, applicationName: 'retry-spec', migrations: [...MIGRATIONS] });
  await migrate(postgres);
  return { url, postgres };
}
