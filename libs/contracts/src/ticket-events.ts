import { z } from 'zod';

/** A file or another thing that is no text, as far as an agent needs to know of it. */
export const attachmentSchema = z.looseObject({
  /** The message's field as Telegram names it: `photo`, `document`, `voice`, `location`, … */
  type: z.string(),
  /** To fetch it from the Bot API with; null where there is no file. */
  fileId: z.string().nullable(),
  /** Stays the same over time and from bot to bot, so that equal files are seen. */
  fileUniqueId: z.string().nullable(),
  fileName: z.string().nullable(),
  mimeType: z.string().nullable(),
  /** Bytes. */
  fileSize: z.number().nullable(),
});

/** See {@link attachmentSchema}. */
export type Attachment = z.infer<typeof attachmentSchema>;

const envelope = {
  eventId: z.string(),
  ticketId: z.string(),
  /** Position in the ticket's own history, from 1 without gaps. */
  version: z.int().positive(),
  /** RFC 3339 UTC. */
  occurredAt: z.string(),
  /** The update that caused the event. */
  idempotencyKey: z.string(),
};

/** A customer's first message in a conversation without an open ticket. */
const ticketOpenedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('ticket-opened'),
  data: z.looseObject({
    botId: z.string(),
    chatId: z.string(),
    conversation: z.string(),
    customerId: z.string().nullable(),
  }),
});

const content = {
  /** Text or caption; null for media without words. */
  text: z.string().nullable(),
  attachments: z.array(attachmentSchema),
};

/** A customer's message became part of the ticket. Version 1 had neither `attachments` nor `mediaGroupId`. */
const messageAppendedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(2),
  type: z.literal('message-appended'),
  data: z.looseObject({
    botId: z.string(),
    chatId: z.string(),
    messageId: z.int(),
    /** When the customer wrote it, RFC 3339 UTC. */
    sentAt: z.string(),
    ...content,
    /** Shared by the messages of one album. */
    mediaGroupId: z.string().nullable(),
  }),
});

/** A customer changed a message of the ticket. What it said before is in the events before. */
const messageEditedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('message-edited'),
  data: z.looseObject({
    botId: z.string(),
    chatId: z.string(),
    messageId: z.int(),
    /** By Telegram's clock, RFC 3339 UTC. Of several edits the latest counts, in whatever order they came. */
    editedAt: z.string(),
    ...content,
  }),
});

/** An update of the ticket's conversation was given up: what it held is not in the ticket, unless it is redriven later. */
const updateMissingSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('update-missing'),
  data: z.looseObject({
    updateKind: z.string(),
    /** Code of the failure. */
    reason: z.string(),
    /** When the update was received, RFC 3339 UTC. */
    receivedAt: z.string(),
  }),
});

/** What `tickets.events` carries, in order per ticket. */
export const ticketEventSchema = z.discriminatedUnion('type', [
  ticketOpenedSchema,
  messageAppendedSchema,
  messageEditedSchema,
  updateMissingSchema,
]);

/** See {@link ticketEventSchema}. */
export type TicketEvent = z.infer<typeof ticketEventSchema>;

/**
 * Reads an event as it was stored or published, whichever version wrote it: older ones are lifted to the shape of today.
 * @throws ZodError when it is no event of any version
 */
export function readTicketEvent(json: unknown): TicketEvent {
  return ticketEventSchema.parse(lifted(json));
}

type Stored = z.infer<typeof storedSchema>;
const storedSchema = z.looseObject({ type: z.string(), schemaVersion: z.int(), data: z.looseObject({}) });

/** By type and version: what lifts it to the next version. */
const LIFTS: Readonly<Record<string, (event: Stored) => Stored>> = {
  'message-appended 1': (event) => ({
    ...event,
    schemaVersion: 2,
    data: { ...event.data, attachments: [], mediaGroupId: null },
  }),
};

function lifted(json: unknown): unknown {
  let event = storedSchema.parse(json);
  for (;;) {
    const lift = LIFTS[`${event.type} ${event.schemaVersion}`];
    if (!lift) return event;
    event = lift(event);
  }
}
