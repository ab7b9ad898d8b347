export { startStack } from './start-stack.js';
export { startSafeStack, type SafeStack } from './safe-stack.js';
export { removeDatabases } from './database-client.js';
export { SHARED_DATABASE, sharedDatabase } from './shared-database.js';
export { createAuthority, type Authority } from './certificates.js';
export type { BrokerSet, Database, Stack, StackOptions } from './stack.js';
export { KAFKA_VERSION } from './kafka-settings.js';
export { freePort } from './ports.js';
export { startReaper, type Reaper } from './reaper.js';
