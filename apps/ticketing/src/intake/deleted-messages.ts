import { z } from 'zod';
import type { JsonObject } from '@onceline/contracts';

const deletedMessagesSchema = z.looseObject({ message_ids: z.array(z.int()) });

/** The messages that `deleted_business_messages` names, in their order, each once; none where it cannot be read: it is a note, not a message. */
export function deletedMessageIds(payload: JsonObject): readonly number[] {
  const parsed = deletedMessagesSchema.safeParse(payload);
  return parsed.success ? [...new Set(parsed.data.message_ids)].sort((a, b) => a - b) : [];
}
