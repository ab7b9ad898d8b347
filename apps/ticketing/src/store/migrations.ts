import { CreateSchema1764000000000 } from './migrations/1764000000000-create-schema.js';

/** Every migration, oldest first. */
export const MIGRATIONS = [CreateSchema1764000000000] as const;
