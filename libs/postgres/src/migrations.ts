import { DataSource } from 'typeorm';
import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import type { Postgres } from './connect-postgres.js';

const LOCK = `hashtext('onceline'), hashtext('migrations')`;

// Two connections of its own, one for the lock, without the service's time limits: a migration takes as long as it takes.
async function connectForMigrations(postgres: Postgres): Promise<DataSource> {
  const options = postgres.dataSource.options as PostgresDataSourceOptions;
  return new DataSource({ ...options, poolSize: 2, extra: { keepAlive: true } }).initialize();
}

/**
 * Runs the migrations that have not run, in order, and answers their names. One process at a time does it: others wait,
 * and find nothing left to do. A migration that fails is undone, and those before it stay.
 */
export async function migrate(postgres: Postgres): Promise<string[]> {
  const dataSource = await connectForMigrations(postgres);
  try {
    const holder = dataSource.createQueryRunner();
    // Never unlocked by hand: the lock ends with its connection, also when this process dies.
    await holder.query(`select pg_advisory_lock(${LOCK})`);
    const done = await dataSource.runMigrations();
    return done.map((migration) => migration.name);
  } finally {
    await dataSource.destroy();
  }
}

/** Names of the migrations that have not run, in their order. Changes nothing: what a service asks before it starts. */
export async function pendingMigrations(postgres: Postgres): Promise<string[]> {
  const [table] = await postgres.query<{ exists: boolean }>(`select to_regclass('migrations') is not null as exists`);
  const ran = table?.exists ? await postgres.query<{ name: string }>('select name from migrations') : [];
  const done = new Set(ran.map(({ name }) => name));
  const known = postgres.dataSource.migrations.map((migration) => migration.name ?? migration.constructor.name);
  return known.filter((name) => !done.has(name)).sort((a, b) => timestampOf(a) - timestampOf(b));
}

// TypeORM orders migrations by the 13 digits that end their names.
function timestampOf(name: string): number {
  return Number(name.slice(-13));
}
