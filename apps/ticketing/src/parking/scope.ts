import { isUsableKey, type ReceivedUpdate } from '../intake/to-command.js';

/**
 * What an update is kept in order with. A customer's message: its conversation, so that one customer's trouble does not hold up a whole
 * group. Anything else: the key that Kafka keeps in order, which in a private chat is the same text.
 */
export function scopeOf({ verdict, record, idempotencyKey }: ReceivedUpdate): string {
  if (verdict.type === 'command') return verdict.command.conversation;
  return record.key !== null && isUsableKey(record.key) ? record.key : idempotencyKey;
}
