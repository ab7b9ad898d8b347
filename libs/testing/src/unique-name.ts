import { randomBytes } from 'node:crypto';

/** A name that no other spec uses, good for a topic, a group, a database: specs that share a stack do not meet. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(5).toString('hex')}`;
}
