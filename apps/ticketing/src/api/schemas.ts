import { OUTCOMES } from '@onceline/contracts';
import { z } from 'zod';

const time = z.iso.datetime().describe('RFC 3339, UTC');
const cursor = z.string().min(1).max(512).optional().describe('nextCursor of the page before');
const limit = z.coerce
  .number<string>('must be a whole number from 1 to 100')
  .int('must be a whole number from 1 to 100')
  .min(1, 'must be a whole number from 1 to 100')
  .max(100, 'must be a whole number from 1 to 100')
  .prefault('50')
  .describe('items in a page, from 1 to 100');
const nextCursor = z.string().nullable().describe('null on the last page');
/** PostgreSQL has no U+0000: asking for it is a mistake of the caller's, not a failure of ours. */
const searchable = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .refine((text) => !text.includes('\u0000') && text.isWellFormed(), 'must be text without U+0000');
const filter = (meaning: string) => searchable(512).optional().describe(meaning);

export const ticketsQuerySchema = z.strictObject({
  bot: filter('id of a bot'),
  chat: filter('id of a chat; business chats have their connection in front'),
  conversation: filter('a conversation, as tickets show it'),
  status: z.enum(['open']).optional(),
  limit,
  cursor,
});
export type TicketsQuery = z.infer<typeof ticketsQuerySchema>;

export const eventsQuerySchema = z.strictObject({ limit, cursor });

/** What cursors hold: forged ones must not reach the database either. */
export const ticketsCursorSchema = z.tuple([
  z.iso.datetime({ precision: 3 }).refine((text) => Date.parse(text) >= 0, 'must be a moment since 1970'),
  searchable(128),
]);
export const eventsCursorSchema = z
  .int()
  .positive()
  .max(2 ** 31 - 1);

export const ticketParamsSchema = z.object({ id: searchable(128) });
export const ledgerParamsSchema = z.object({ idempotencyKey: searchable(1024) });

export const ticketSchema = z.object({
  id: z.string(),
  botId: z.string(),
  chatId: z.string(),
  conversation: z.string(),
  customerId: z.string().nullable(),
  status: z.string(),
  version: z.int().describe('rises with every event; also the ETag'),
  messageCount: z.int(),
  openedAt: time,
  updatedAt: time,
});
export type Ticket = z.infer<typeof ticketSchema>;

export const ticketMessageSchema = z.object({
  messageId: z.int(),
  version: z.int().describe('version of the event that brought the message'),
  sentAt: time,
  text: z.string().nullable().describe('null for media without words'),
});

export const ticketWithMessagesSchema = ticketSchema.extend({
  messages: z.array(ticketMessageSchema).describe('in the order of arrival, the last 1000'),
});
export type TicketWithMessages = z.infer<typeof ticketWithMessagesSchema>;

export const ticketsPageSchema = z.object({ items: z.array(ticketSchema), nextCursor });
export type TicketsPage = z.infer<typeof ticketsPageSchema>;

export const eventsPageSchema = z.object({
  items: z.array(z.looseObject({ type: z.string(), version: z.int() })).describe('as published to tickets.events'),
  nextCursor,
});
export type EventsPage = z.infer<typeof eventsPageSchema>;

export const ledgerEntrySchema = z.object({
  idempotencyKey: z.string(),
  botId: z.string(),
  updateKind: z.string(),
  outcome: z.enum(OUTCOMES),
  reason: z.string().nullable().describe('why, where the outcome alone does not say it'),
  ticketId: z.string().nullable(),
  traceId: z.string().nullable(),
  receivedAt: time,
  settledAt: time,
  position: z.object({ partition: z.int(), offset: z.int() }).describe('in telegram.updates.unique'),
  duplicateCount: z.int(),
  duplicates: z
    .array(
      z.object({
        partition: z.int(),
        offset: z.int(),
        receivedAt: time,
        firstOffset: z.int().describe('of the copy that counted; same partition'),
        firstSeenAt: time,
      }),
    )
    .describe('copies that dedupe refused, the first 1000, by their position in telegram.updates.raw'),
  explanation: z.string().describe('the same in one or two sentences'),
});
export type LedgerEntry = z.infer<typeof ledgerEntrySchema>;
