import {
  attachmentSchema,
  OUTCOMES,
  PRIORITIES,
  readableText,
  senderSchema,
  TICKET_STATUSES,
} from '@onceline/contracts';
import { nextPageCursor, pageCursor, pageLimit, searchableText } from '@onceline/service-kit';
import { z } from 'zod';
import { ifMatch } from './etag.js';
import { linksSchema, mergedFromSchema, mergedIntoSchema } from './pair-schemas.js';
import { fieldsSchema, fieldChangesSchema, fieldFilterSchema } from './field-schemas.js';

const time = z.iso.datetime().describe('RFC 3339, UTC');
const cursor = pageCursor(512);
const filter = (meaning: string) => searchableText(512).optional().describe(meaning);

export const ticketsQuerySchema = z.strictObject({
  bot: filter('id of a bot'),
  chat: filter('id of a chat; business chats have their connection in front'),
  conversation: filter('a conversation, as tickets show it'),
  customer: filter('id of the customer in Telegram, in whatever chats he wrote'),
  status: z.enum(TICKET_STATUSES).optional(),
  priority: z.enum(PRIORITIES).optional(),
  assignee: filter('an agent'),
  team: filter('a team'),
  tag: filter('a tag that the ticket has'),
  watcher: filter('an agent who watches it'),
  field: fieldFilterSchema,
  limit: pageLimit,
  cursor,
});
export type TicketsQuery = z.infer<typeof ticketsQuerySchema>;

export const eventsQuerySchema = z.strictObject({ limit: pageLimit, cursor });

/** What cursors hold: forged ones must not reach the database either. */
export const ticketsCursorSchema = z.tuple([
  z.iso.datetime({ precision: 3 }).refine((text) => Date.parse(text) >= 0, 'must be a moment since 1970'),
  searchableText(128),
]);
export const eventsCursorSchema = z
  .int()
  .positive()
  .max(2 ** 31 - 1);

export const ticketParamsSchema = z.object({ id: searchableText(128) });
export const ledgerParamsSchema = z.object({ idempotencyKey: searchableText(1024) });

export const ticketSchema = z.object({
  id: z.string(),
  botId: z.string(),
  chatId: z.string(),
  conversation: z.string(),
  topicId: z.string().nullable().describe('of the forum topic in which it began'),
  customerId: z.string().nullable(),
  previousTicketId: z.string().nullable().describe('the ticket of this conversation before this one'),
  status: z.enum(TICKET_STATUSES),
  priority: z.enum(PRIORITIES),
  assignee: z.string().nullable().describe('the agent whose work it is'),
  team: z.string().nullable(),
  tags: z.array(z.string()).describe('in the order of the alphabet'),
  watchers: z.array(z.string()).describe('agents who want to hear of it, in the order of the alphabet'),
  fields: fieldsSchema,
  links: linksSchema,
  mergedInto: mergedIntoSchema,
  mergedFrom: mergedFromSchema,
  snoozedUntil: time.nullable().describe('when it wakes; null unless it is snoozed'),
  askedAt: time.nullable().describe('when the customer wrote the message that opened it'),
  customerWroteAt: time.nullable().describe('when the customer wrote last'),
  waitingSince: time
    .nullable()
    .describe('when the customer wrote the first message that nobody has answered; null while it is not for us to act'),
  resolvedAt: time.nullable().describe('null while it is not resolved'),
  version: z.int().describe('rises with every event; also the ETag'),
  messageCount: z.int().describe('messages of the customer, each part of an album by itself'),
  openedAt: time,
  updatedAt: time,
});
export type Ticket = z.infer<typeof ticketSchema>;

const isErased = z.boolean().describe('what it said, and the names of who wrote it, were erased');
const readingSchema = {
  text: z.string().nullable().describe('null for media without words'),
  attachments: z.array(attachmentSchema).describe('what is no text: files to fetch from the Bot API, places, contacts'),
  isErased,
};

export const ticketMessageSchema = z.object({
  ticketId: z.string().describe('the ticket that it came to: this one, or one that was merged into it'),
  chatId: z.string().describe('message ids count within their chat'),
  messageId: z.int(),
  version: z.int().describe('version of the event that brought the message'),
  author: z.enum(['customer', 'staff']),
  sender: senderSchema.nullable().describe('as he called himself then; null for messages of before that was recorded'),
  sentAt: time,
  ...readingSchema,
  mediaGroupId: z
    .string()
    .nullable()
    .describe('of an album, which is shown as one message: its first, with all that it holds'),
  albumMessageIds: z
    .array(z.int())
    .describe('the messages of the album, in their order; empty for a message by itself'),
  editedAt: time.nullable().describe('of the edit that it shows'),
  deletedAt: time
    .nullable()
    .describe('when we heard that it was deleted in Telegram, an album: all of it; what it said stays here'),
  edits: z
    .array(z.object({ version: z.int(), messageId: z.int(), editedAt: time, ...readingSchema }))
    .describe('what it was changed to, in the order of arrival; what was written first is in the event of its version'),
});
export type TicketMessage = z.infer<typeof ticketMessageSchema>;

const name = searchableText(64);

export const ticketChangesSchema = z
  .strictObject({
    status: z.enum(TICKET_STATUSES).exclude(['new']).optional(),
    snoozedUntil: z.iso
      .datetime()
      .transform((text) => new Date(text).toISOString())
      .optional()
      .describe('with the status snoozed: RFC 3339, UTC, ten years ahead at most'),
    priority: z.enum(PRIORITIES).optional(),
    assignee: name.nullable().optional().describe('an agent, as histories name him; null for nobody'),
    team: name.nullable().optional(),
    tags: z.array(name).max(50).optional().describe('all of them'),
    watchers: z.array(name).max(50).optional().describe('all of them: agents, as histories name them'),
    fields: fieldChangesSchema.optional(),
  })
  .refine((changes) => Object.keys(changes).length > 0, 'say at least one thing that is to change')
  .meta({ minProperties: 1 });

export const noteBodySchema = z.strictObject({
  text: z
    .string()
    .min(1)
    .max(10_000)
    .regex(/^[^\u0000]*$/, 'must be text that can be stored')
    .refine((text) => readableText(text) === text, 'must be text that can be stored')
    .describe('for agents only, the customer never sees it'),
});

export const seenHeadersSchema = z.object({
  'if-none-match': z.string().optional().describe('the ETag of the ticket as you have seen it: 304 while it is that'),
});

const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, 'must be 1 to 255 visible ASCII characters')
  .optional()
  .describe('a request that comes again under its key changes nothing more');
export const idempotencyHeadersSchema = z.object({ 'idempotency-key': idempotencyKey });
export const workHeadersSchema = idempotencyHeadersSchema.extend({ 'if-match': ifMatch('ticket') });

export const ticketWithMessagesSchema = ticketSchema.extend({
  messages: z
    .array(ticketMessageSchema)
    .describe(
      'the last 1000 in the order of arrival, with those of merged tickets in that of their time; an album is one',
    ),
  missing: z
    .array(
      z.object({
        idempotencyKey: z.string(),
        version: z.int().describe('version of the event that marks the gap'),
        reason: z.string().describe('code of the failure'),
        receivedAt: time,
        givenUpAt: time,
        outcome: z.enum(OUTCOMES).describe('what has become of it since, by a redrive or a discard'),
      }),
    )
    .describe('updates of this conversation that were given up, the last 1000'),
  notes: z
    .array(
      z.object({
        version: z.int(),
        by: z.string().nullable().describe('who added it over the API'),
        staff: senderSchema.nullable().describe('who wrote it in Telegram'),
        at: time,
        text: z.string(),
        isErased,
      }),
    )
    .describe('words among agents, the last 1000'),
});
export type TicketWithMessages = z.infer<typeof ticketWithMessagesSchema>;

export const ticketsPageSchema = z.object({ items: z.array(ticketSchema), nextCursor: nextPageCursor });
export type TicketsPage = z.infer<typeof ticketsPageSchema>;

export const eventsPageSchema = z.object({
  items: z
    .array(z.looseObject({ type: z.string(), version: z.int() }))
    .describe(
      'as published to tickets.events, with what is sealed there opened; `isErased` in those of which that was erased',
    ),
  nextCursor: nextPageCursor,
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
  attempts: z
    .int()
    .describe('tries since the update, or its last redrive, came in; 0 while it waits behind another one'),
  failureCode: z.string().nullable().describe('of the last failure'),
  redriveId: z.string().nullable().describe('the last redrive that was taken'),
  redriveCount: z.int(),
  waiting: z
    .object({
      conversation: z.string(),
      headKey: z.string().describe('the update that the conversation waits for'),
      dueAt: time.describe('next try of the head'),
      since: time,
    })
    .nullable()
    .describe('only while parked'),
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
    .describe('copies that dedupe refused, the first 1000 (in lists: 100), by their position in telegram.updates.raw'),
  explanation: z.string().describe('the same in one or two sentences'),
});
export type LedgerEntry = z.infer<typeof ledgerEntrySchema>;

const parkedConversationSchema = z.object({
  conversation: z.string(),
  headKey: z.string().describe('the update that everything else in it waits for'),
  attempts: z.int().describe('tries of the head so far'),
  dueAt: time.describe('next try'),
  firstFailedAt: time.nullable(),
  failureCode: z.string().nullable(),
  failureMessage: z.string().nullable(),
  redriveId: z.string().nullable(),
  followers: z.int().describe('updates that wait behind the head'),
  parkedAt: time,
});
export type ParkedConversationEntry = z.infer<typeof parkedConversationSchema>;

export const parkedQuerySchema = z.strictObject({ limit: pageLimit, cursor });
export type ParkedQuery = z.infer<typeof parkedQuerySchema>;
export const parkedCursorSchema = z.tuple([
  z.iso.datetime({ precision: 3 }).refine((text) => Date.parse(text) >= 0, 'must be a moment since 1970'),
  searchableText(1024),
]);
export const parkedPageSchema = z.object({ items: z.array(parkedConversationSchema), nextCursor: nextPageCursor });
export type ParkedPage = z.infer<typeof parkedPageSchema>;

export const discardBodySchema = z.strictObject({
  reason: searchableText(1024).describe('why nobody will handle this update any more'),
});

/** Headers and bytes as a dead letter holds them, or corrected. */
const rehearsedUpdateSchema = z.strictObject({
  idempotencyKey: searchableText(1024),
  recordKey: z.string().max(4096).nullable(),
  headers: z.record(z.string(), z.string()),
  payload: z.base64().describe('the bytes of the update'),
});
export const REHEARSAL_RESULTS = [
  'would-open',
  'would-append',
  'would-edit',
  'would-answer',
  'would-record',
  'would-ignore',
  'has-ticket',
  'not-dead-lettered',
  'would-fail',
] as const;
export const rehearsalBodySchema = z.strictObject({ updates: z.array(rehearsedUpdateSchema).min(1).max(500) });
export type RehearsalBody = z.infer<typeof rehearsalBodySchema>;
export const rehearsalSchema = z.object({
  updates: z.array(
    z.object({
      idempotencyKey: z.string(),
      result: z.enum(REHEARSAL_RESULTS),
      ticketId: z.string().nullable(),
      reason: z.string().nullable().describe('why, or `behind-parked` when it would wait behind others first'),
    }),
  ),
});
export type RehearsalAnswer = z.infer<typeof rehearsalSchema>;

const faultSchema = z
  .strictObject({
    match: z.union([
      z.strictObject({ idempotencyKey: searchableText(1024) }),
      z.strictObject({ conversation: searchableText(1024) }),
      z.strictObject({ share: z.number().gt(0).max(1) }),
    ]),
    kind: z.enum(['transient', 'permanent', 'unavailable']),
    seconds: z.number().positive().max(86_400),
    times: z.int().min(1).max(1000).nullable().default(null).describe('tries of each record that fail; null for all'),
  })
  .refine(({ kind, times }) => kind !== 'unavailable' || times === null, {
    path: ['times'],
    message: 'an outage counts no tries: leave it out',
  });
export const faultsBodySchema = z.strictObject({ rules: z.array(faultSchema).max(100) });
export const faultsSchema = z.object({
  rules: z.array(
    z.object({
      id: z.string(),
      match: z.looseObject({}),
      kind: z.string(),
      times: z.int().nullable(),
      expiresAt: time,
    }),
  ),
});

export const breakerSchema = z.object({
  open: z.boolean().describe('true while ticketing handles nothing'),
  reason: z.string().nullable(),
  changedAt: time,
});
export type BreakerState = z.infer<typeof breakerSchema>;
