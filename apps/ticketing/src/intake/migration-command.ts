import type { TelegramUpdate } from '@onceline/contracts';
import { z } from 'zod';
import type { RecordChatMigration } from '../ticket/commands.js';
import type { Origin } from './message-command.js';

const migrationSchema = z.looseObject({
  chat: z.looseObject({ id: z.int() }),
  migrate_to_chat_id: z.int().optional(),
  migrate_from_chat_id: z.int().optional(),
});

/**
 * A group becomes a supergroup. Telegram says so twice: first of all in the new chat, so that it is ahead of every message there, and last of all
 * in the old one, so that nothing comes behind it there. Both say the same.
 */
export function migrationCommand({ kind, payload }: TelegramUpdate, origin: Origin): RecordChatMigration | undefined {
  if (kind !== 'message') return undefined;
  const parsed = migrationSchema.safeParse(payload);
  if (!parsed.success) return undefined;
  const { chat, migrate_to_chat_id: to = chat.id, migrate_from_chat_id: from = chat.id } = parsed.data;
  if (to === from) return undefined;
  const { idempotencyKey, botId, occurredAt } = origin;
  const ids = { idempotencyKey, botId, chatId: String(to), fromChatId: String(from) };
  return { type: 'record-chat-migration', ...ids, occurredAt };
}
