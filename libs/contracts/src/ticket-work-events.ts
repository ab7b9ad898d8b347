import { z } from 'zod';
import { by, envelope } from './ticket-event-envelope.js';

/** Agents who want to hear of the ticket. */
export const watchersChangedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('ticket-watchers-changed'),
  data: z.looseObject({ added: z.array(z.string()), removed: z.array(z.string()), by }),
});

const fieldValue = z.union([z.string(), z.number(), z.boolean()]).nullable();

/** Custom fields of the bot, each with what it was; null where there was nothing, or is nothing any more. */
export const fieldsChangedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('ticket-fields-changed'),
  data: z.looseObject({
    changed: z.array(z.looseObject({ name: z.string(), from: fieldValue, to: fieldValue })),
    by,
  }),
});

/** What a ticket has to do with another one, seen from it. */
export const LINK_KINDS = ['relates-to', 'duplicates', 'duplicated-by', 'blocks', 'blocked-by'] as const;

/** See {@link LINK_KINDS}. */
export type LinkKind = (typeof LINK_KINDS)[number];

/** The other ticket has the same event, with the kind that it is from there. It takes the place of a link that the two had. */
export const linkedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('ticket-linked'),
  data: z.looseObject({ otherTicketId: z.string(), kind: z.enum(LINK_KINDS), by }),
});

/** The two have nothing to do with each other any more. */
export const unlinkedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('ticket-unlinked'),
  data: z.looseObject({ otherTicketId: z.string(), by }),
});

/** The ticket is one with another one, which goes on for both. It is closed by this, and its history ends with what is changed in its messages. */
export const mergedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('ticket-merged'),
  data: z.looseObject({ intoTicketId: z.string(), by }),
});

/** The other side of it, with what the times of this ticket depend on, as it was in the other one before. */
export const mergeReceivedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('ticket-merge-received'),
  data: z.looseObject({
    fromTicketId: z.string(),
    /** Whether it was still to be resolved. */
    isActive: z.boolean(),
    /** When its customer wrote first, and last; null where nobody did. RFC 3339 UTC, like every time here. */
    askedAt: z.string().nullable(),
    customerWroteAt: z.string().nullable(),
    /** When its customer wrote the first message that nobody had answered. */
    waitingSince: z.string().nullable(),
    messageCount: z.int(),
    by,
  }),
});
