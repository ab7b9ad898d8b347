import { senderSchema, TICKET_STATUSES } from '@onceline/contracts';
import { nextPageCursor, pageCursor, pageLimit, searchableText } from '@onceline/service-kit';
import { z } from 'zod';

export const searchQuerySchema = z.strictObject({
  q: searchableText(256).describe(
    'words that all have to be there, the last one maybe unfinished; `"in this order"`, `or`, and `-without`',
  ),
  bot: searchableText(512).optional().describe('id of a bot'),
  status: z.enum(TICKET_STATUSES).optional().describe('of the ticket'),
  limit: pageLimit,
  cursor: pageCursor(512),
});
export type SearchQuery = z.infer<typeof searchQuerySchema>;

export const searchCursorSchema = z.tuple([
  z.iso.datetime({ precision: 3 }).refine((text) => Date.parse(text) >= 0, 'must be a moment since 1970'),
  searchableText(128),
  z
    .int()
    .positive()
    .max(2 ** 31 - 1),
]);

/** Around what was found in an excerpt. */
export const FOUND = ['⟦', '⟧'] as const;

export const searchHitSchema = z.object({
  ticketId: z.string(),
  ticketStatus: z.enum(TICKET_STATUSES),
  botId: z.string(),
  chatId: z.string(),
  messageId: z.int(),
  version: z.int().describe("of the event that brought the message, in the ticket's history"),
  author: z.enum(['customer', 'staff']),
  sender: senderSchema.nullable(),
  sentAt: z.iso.datetime(),
  excerpt: z
    .string()
    .nullable()
    .describe(
      `of the text as it reads now, what was found between ${FOUND.join(' and ')}; null for media without words`,
    ),
});

export const searchPageSchema = z.object({ items: z.array(searchHitSchema), nextCursor: nextPageCursor });
export type SearchPage = z.infer<typeof searchPageSchema>;
