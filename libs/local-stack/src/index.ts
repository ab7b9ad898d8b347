export { startStack } from './start-stack.js';
export type { BrokerSet, Database, Stack, StackOptions } from './stack.js';
export { KAFKA_VERSION } from './kafka-settings.js';
export { freePort } from './ports.js';
export { startReaper, type Reaper } from './reaper.js';
