import { CreateDeadLetters1764200000000 } from './migrations/1764200000000-create-dead-letters.js';
import { ForgetPayloads1765700001000 } from './migrations/1765700001000-forget-payloads.js';

/** Every migration, oldest first. */
export const MIGRATIONS = [CreateDeadLetters1764200000000, ForgetPayloads1765700001000] as const;
