import { PRIORITIES } from '@onceline/contracts';
import { nextPageCursor, pageCursor, pageLimit, searchableText } from '@onceline/service-kit';
import { z } from 'zod';
import { ticketSchema } from './schemas.js';

const filter = (meaning: string) => searchableText(512).optional().describe(meaning);

const view = {
  bot: filter('id of a bot'),
  chat: filter('id of a chat'),
  team: filter('a team'),
  tag: filter('a tag that the ticket has'),
  priority: z.enum(PRIORITIES).optional(),
};

export const queueQuerySchema = z.strictObject({
  ...view,
  assignee: filter('an agent, or `nobody`'),
  limit: pageLimit,
  cursor: pageCursor(512),
});
export type QueueQuery = z.infer<typeof queueQuerySchema>;

export const nextBodySchema = z.strictObject(view);
export type QueueView = z.infer<typeof nextBodySchema>;

export const queueCursorSchema = z.tuple([
  z.int().min(0).max(PRIORITIES.length),
  z.iso
    .datetime({ precision: 3 })
    .refine((text) => Date.parse(text) >= 0, 'must be a moment since 1970')
    .nullable(),
  searchableText(128),
]);

export const queuePageSchema = z.object({ items: z.array(ticketSchema), nextCursor: nextPageCursor });
export type QueuePage = z.infer<typeof queuePageSchema>;
