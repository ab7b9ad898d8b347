import { CreateDeadLetters1764200000000 } from './migrations/1764200000000-create-dead-letters.js';

/** Every migration, oldest first. */
export const MIGRATIONS = [CreateDeadLetters1764200000000] as const;
