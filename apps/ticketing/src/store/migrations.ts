import { CreateSchema1764000000000 } from './migrations/1764000000000-create-schema.js';
import { ParkConversations1764100000000 } from './migrations/1764100000000-park-conversations.js';

/** Every migration, oldest first. */
export const MIGRATIONS = [CreateSchema1764000000000, ParkConversations1764100000000] as const;
