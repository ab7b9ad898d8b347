export { connectPostgres } from './connect-postgres.js';
export { DatabaseRefused, openMigrated, type OpenOptions } from './open-migrated.js';
export type { Isolation, Postgres, PostgresOptions, Queries, Transaction } from './connect-postgres.js';
export { isSerializationConflict, isUnavailable, isUniqueViolation, withoutContents } from './failure.js';
export { migrate, pendingMigrations } from './migrations.js';
export { runMigrationProgram, type MigrationProgram } from './migration-program.js';
