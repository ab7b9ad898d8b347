import { z } from 'zod';

const envelope = {
  schemaVersion: z.literal(1),
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
  type: z.literal('ticket-opened'),
  data: z.looseObject({
    botId: z.string(),
    chatId: z.string(),
    conversation: z.string(),
    customerId: z.string().nullable(),
  }),
});

/** A customer's message became part of the ticket. */
const messageAppendedSchema = z.looseObject({
  ...envelope,
  type: z.literal('message-appended'),
  data: z.looseObject({
    botId: z.string(),
    chatId: z.string(),
    messageId: z.int(),
    /** When the customer wrote it, RFC 3339 UTC. */
    sentAt: z.string(),
    /** Text or caption; null for media without words. */
    text: z.string().nullable(),
  }),
});

/** An update of the ticket's conversation was given up: what it held is not in the ticket, unless it is redriven later. */
const updateMissingSchema = z.looseObject({
  ...envelope,
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
  updateMissingSchema,
]);

/** See {@link ticketEventSchema}. */
export type TicketEvent = z.infer<typeof ticketEventSchema>;
