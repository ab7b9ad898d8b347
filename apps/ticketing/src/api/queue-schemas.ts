import { PRIORITIES } from '@onceline/contracts';
import { nextPageCursor, pageCursor, pageLimit, searchableText } from '@onceline/service-kit';
import { z } from 'zod';
import { fieldFilterSchema } from './field-schemas.js';
import { ticketSchema } from './schemas.js';

const filter = (meaning: string) => searchableText(512).optional().describe(meaning);

const view = {
  bot: filter('id of a bot'),
  chat: filter('id of a chat'),
  team: filter('a team'),
  tag: filter('a tag that the ticket has'),
  priority: z.enum(PRIORITIES).optional(),
  field: fieldFilterSchema,
};

const sort = z
  .enum(['priority', 'due'])
  .default('priority')
  .describe(
    'what comes first: the most urgent, or what is due by what the bot promises; what is due at no time comes last',
  );

export const queueQuerySchema = z.strictObject({
  ...view,
  sort,
  assignee: filter('an agent, or `nobody`'),
  limit: pageLimit,
  cursor: pageCursor(512),
});
export type QueueQuery = z.infer<typeof queueQuerySchema>;

export const nextBodySchema = z.strictObject({ ...view, sort });
export type QueueView = z.infer<typeof nextBodySchema>;

const moment = z.iso.datetime({ precision: 3 }).refine((text) => Date.parse(text) >= 0, 'must be a moment since 1970');

/** Behind which ticket the next page begins: rank of its priority, how long its customer has waited, its id; before them when it is due, where that comes first. */
export const queueCursorSchema = z.tuple([
  z.int().min(0).max(PRIORITIES.length),
  moment.nullable(),
  searchableText(128),
]);
export const dueCursorSchema = z.tuple([moment.nullable(), ...queueCursorSchema.def.items]);

export const queuePageSchema = z.object({
  items: z.array(
    ticketSchema.extend({
      dueAt: z.iso
        .datetime()
        .nullable()
        .describe('when the first target of its clocks is used up; null without one, a second behind the ticket'),
    }),
  ),
  nextCursor: nextPageCursor,
});
export type QueuePage = z.infer<typeof queuePageSchema>;
