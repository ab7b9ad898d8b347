/** What happens around a conversation that nobody says: each becomes an event of the tickets that it concerns. */
import { z } from 'zod';
import { envelope } from './ticket-event-envelope.js';

/** A message of the ticket was deleted in Telegram. What it said stays in the events before. `occurredAt` is when we heard of it: Telegram does not say more. */
export const messageDeletedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('message-deleted'),
  data: z.looseObject({ botId: z.string(), chatId: z.string(), messageId: z.int() }),
});

const place = {
  botId: z.string(),
  chatId: z.string(),
  /** By Telegram's clock, RFC 3339 UTC. */
  happenedAt: z.string(),
};

/** The customer blocked the bot in his private chat with it: what is sent to him does not arrive. */
export const botBlockedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('bot-blocked'),
  data: z.looseObject(place),
});

/** And let it write again. */
export const botUnblockedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('bot-unblocked'),
  data: z.looseObject(place),
});

/** The customer is no longer in the group of the ticket. */
export const memberLeftSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('member-left'),
  data: z.looseObject({
    ...place,
    userId: z.string(),
    /** By somebody else. */
    wasRemoved: z.boolean(),
  }),
});

/** The forum topic of the ticket was closed. */
export const topicClosedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('topic-closed'),
  data: z.looseObject({ ...place, topicId: z.string() }),
});

/** And opened again. */
export const topicReopenedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('topic-reopened'),
  data: z.looseObject({ ...place, topicId: z.string() }),
});

/** The group of the ticket has become a supergroup, which is another chat to Telegram. Messages keep the chat in which they were written. */
export const ticketMovedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('ticket-moved'),
  data: z.looseObject({
    botId: z.string(),
    fromChatId: z.string(),
    chatId: z.string(),
    /** Of the new chat, unless another ticket was active there already: then that of before. */
    conversation: z.string(),
  }),
});
