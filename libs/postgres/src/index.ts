export { connectPostgres } from './connect-postgres.js';
export { DatabaseRefused } from './database-refused.js';
export { openMigrated, type OpenOptions } from './open-migrated.js';
export type { Isolation, Postgres, PostgresOptions, PostgresTls, Queries, Transaction } from './connect-postgres.js';
export { isSerializationConflict, isUnavailable, isUniqueViolation } from './failure.js';
export { migrate, pendingMigrations } from './migrations.js';
export { runMigrationProgram, type MigrationProgram } from './migration-program.js';
