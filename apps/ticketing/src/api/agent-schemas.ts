import { nextPageCursor, pageCursor, pageLimit, searchableText } from '@onceline/service-kit';
import { z } from 'zod';

const name = searchableText(64).describe('as his token is called, and so as histories name him');

export const agentParamsSchema = z.object({ name });

const settings = {
  capacity: z.int().min(0).max(1000).describe('tickets to act on that the rules give him at once, at most'),
  team: searchableText(64).nullable().default(null),
  isAway: z.boolean().default(false).describe('true: the rules give him none'),
};

export const agentBodySchema = z.strictObject(settings);

export const agentEntrySchema = z.object({
  name,
  ...settings,
  load: z.int().describe('tickets that he has to act on: `new` or `open`'),
  changedBy: z.string(),
  changedAt: z.iso.datetime().describe('RFC 3339, UTC'),
});
export type AgentEntry = z.infer<typeof agentEntrySchema>;

export const agentsQuerySchema = z.strictObject({ limit: pageLimit, cursor: pageCursor(512) });
export type AgentsQuery = z.infer<typeof agentsQuerySchema>;
export const agentsCursorSchema = name;

export const agentsPageSchema = z.object({ items: z.array(agentEntrySchema), nextCursor: nextPageCursor });
export type AgentsPage = z.infer<typeof agentsPageSchema>;

export const agentRemovalSchema = z.strictObject({
  tickets: z
    .enum(['hand-back'])
    .optional()
    .describe('hand-back: nobody has his active tickets any more; without it he stays while he has any'),
});
