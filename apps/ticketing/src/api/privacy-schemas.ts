import { nextPageCursor, pageCursor, pageLimit, searchableText } from '@onceline/service-kit';
import { z } from 'zod';
import { botParamsSchema } from './policy-schemas.js';

export const personParamsSchema = z.object({
  botId: botParamsSchema.shape.botId,
  customerId: z
    .string()
    .regex(
      /^(chat:)?-?\d{1,20}$/,
      'must be the id of a user in Telegram, as tickets show it, or `chat:` and the id of a chat',
    )
    .describe(
      'id of the user in Telegram, as tickets show it; `chat:` and the id of a chat for what nobody in particular wrote there',
    ),
});

export const exportedParamsSchema = personParamsSchema.extend({
  customerId: z
    .string()
    .regex(/^-?\d{1,20}$/, 'must be the id of a user in Telegram, as tickets show it')
    .describe('id of the user in Telegram, as tickets show it'),
});

export const erasureSchema = z.object({
  id: z.string(),
  botId: z.string(),
  personId: z.string().nullable().describe('null where a retention did it, for whoever it was'),
  accounts: z.array(z.string()).describe('all that are known to be his: each was erased'),
  reason: z.enum(['asked', 'retention']),
  askedBy: z.string().nullable().describe('who asked for it over the API'),
  keyCount: z.int().describe('keys that are no more; 0 where there was nothing left to erase'),
  erasedAt: z.iso.datetime().describe('RFC 3339, UTC'),
});

export const erasuresQuerySchema = z.strictObject({
  bot: searchableText(64).optional().describe('id of a bot'),
  limit: pageLimit,
  cursor: pageCursor(128),
});
export type ErasuresQuery = z.infer<typeof erasuresQuerySchema>;

export const erasuresCursorSchema = z.string().regex(/^\d{1,18}$/, 'must be the id of an erasure');

export const erasuresPageSchema = z.object({ items: z.array(erasureSchema), nextCursor: nextPageCursor });
export type ErasuresPage = z.infer<typeof erasuresPageSchema>;
