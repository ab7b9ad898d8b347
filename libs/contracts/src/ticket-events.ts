import { z } from 'zod';
import {
  botBlockedSchema,
  botUnblockedSchema,
  memberLeftSchema,
  messageDeletedSchema,
  ticketMovedSchema,
  topicClosedSchema,
  topicReopenedSchema,
} from './conversation-events.js';
import { slaBreachedSchema, slaWarnedSchema } from './sla-events.js';
import { by, envelope } from './ticket-event-envelope.js';
import {
  fieldsChangedSchema,
  linkedSchema,
  mergedSchema,
  mergeReceivedSchema,
  unlinkedSchema,
  watchersChangedSchema,
} from './ticket-work-events.js';

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

/** Somebody in Telegram, as he called himself at that time. */
export const senderSchema = z.looseObject({
  /** Of the user in Telegram. */
  id: z.string(),
  name: z.string().nullable(),
  username: z.string().nullable(),
});

/** See {@link senderSchema}. */
export type Sender = z.infer<typeof senderSchema>;

/** Where a ticket is on its way. The first four are active: of a conversation one ticket is, at most. */
export const TICKET_STATUSES = ['new', 'open', 'pending', 'snoozed', 'resolved', 'closed'] as const;

/** See {@link TICKET_STATUSES}. */
export type TicketStatus = (typeof TICKET_STATUSES)[number];

/** How urgent a ticket is, the least first. */
export const PRIORITIES = ['low', 'normal', 'high', 'urgent'] as const;

/** See {@link PRIORITIES}. */
export type Priority = (typeof PRIORITIES)[number];

/** Why a status changed. */
const STATUS_REASONS = [
  'agent',
  'assignment',
  'customer-message',
  'merge',
  'silence',
  'snooze-over',
  'staff-reply',
] as const;

/** How a staff member's message in Telegram found its ticket, the surest way first. */
const MATCHES = ['answered-message', 'only-active-ticket', 'latest-active-ticket'] as const;

/** How a staff member's message in Telegram found its ticket. */
export type Match = (typeof MATCHES)[number];

/** A customer's first message in a conversation without an active ticket. Version 1 had neither `topicId` nor `previousTicketId`. */
const ticketOpenedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(2),
  type: z.literal('ticket-opened'),
  data: z.looseObject({
    botId: z.string(),
    chatId: z.string(),
    conversation: z.string(),
    customerId: z.string().nullable(),
    /** Of the forum topic in which it began; null in a chat without topics, and in the topic "General". */
    topicId: z.string().nullable(),
    /** The last ticket of the conversation, which had ended; null for the first one. */
    previousTicketId: z.string().nullable(),
  }),
});

const content = {
  /** Text or caption; null for media without words. */
  text: z.string().nullable(),
  attachments: z.array(attachmentSchema),
};

/** When it was edited for the first time that we saw of it; null where it reads as it was written. RFC 3339 UTC. */
const editedBefore = z.string().nullable();

/** A customer's message became part of the ticket. Version 1 had no `sender`, `attachments`, `mediaGroupId` and `editedAt`. */
const messageAppendedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(2),
  type: z.literal('message-appended'),
  data: z.looseObject({
    botId: z.string(),
    chatId: z.string(),
    messageId: z.int(),
    /** Who wrote it; null where version 1 did not say it. */
    sender: senderSchema.nullable(),
    /** When the customer wrote it, RFC 3339 UTC. */
    sentAt: z.string(),
    ...content,
    /** Shared by the messages of one album. */
    mediaGroupId: z.string().nullable(),
    editedAt: editedBefore,
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

const statusChangedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('ticket-status-changed'),
  data: z.looseObject({
    from: z.enum(TICKET_STATUSES),
    to: z.enum(TICKET_STATUSES),
    reason: z.enum(STATUS_REASONS),
    /** When a snoozed ticket wakes, RFC 3339 UTC; null for every other status. */
    snoozedUntil: z.string().nullable(),
    by,
  }),
});

const priorityChangedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('ticket-priority-changed'),
  data: z.looseObject({ from: z.enum(PRIORITIES), to: z.enum(PRIORITIES), by }),
});

/** Whose work the ticket is: an agent's, a team's, or nobody's. Where a rule gave it to an agent, `reason` names it (`round-robin`, `least-loaded`). */
const assignedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('ticket-assigned'),
  data: z.looseObject({
    assignee: z.string().nullable(),
    team: z.string().nullable(),
    by,
    reason: z.string().optional(),
  }),
});

const tagsChangedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('ticket-tags-changed'),
  data: z.looseObject({ added: z.array(z.string()), removed: z.array(z.string()), by }),
});

/** Words among agents: added over the API (`by`), or written by staff in Telegram (`staff`). */
const noteAddedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('note-added'),
  data: z.looseObject({ text: z.string(), by, staff: senderSchema.nullable() }),
});

/** Staff answered the customer in Telegram. */
const staffRepliedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('staff-replied'),
  data: z.looseObject({
    botId: z.string(),
    chatId: z.string(),
    messageId: z.int(),
    sender: senderSchema,
    /** By Telegram's clock, RFC 3339 UTC. */
    sentAt: z.string(),
    ...content,
    mediaGroupId: z.string().nullable(),
    editedAt: editedBefore,
    matchedBy: z.enum(MATCHES),
  }),
});

/** What `tickets.events` carries, in order per ticket. */
export const ticketEventSchema = z.discriminatedUnion('type', [
  ticketOpenedSchema,
  messageAppendedSchema,
  messageEditedSchema,
  updateMissingSchema,
  statusChangedSchema,
  priorityChangedSchema,
  assignedSchema,
  tagsChangedSchema,
  noteAddedSchema,
  staffRepliedSchema,
  slaWarnedSchema,
  slaBreachedSchema,
  messageDeletedSchema,
  botBlockedSchema,
  botUnblockedSchema,
  memberLeftSchema,
  topicClosedSchema,
  topicReopenedSchema,
  watchersChangedSchema,
  fieldsChangedSchema,
  linkedSchema,
  unlinkedSchema,
  ticketMovedSchema,
  mergedSchema,
  mergeReceivedSchema,
]);

/** See {@link ticketEventSchema}. */
export type TicketEvent = z.infer<typeof ticketEventSchema>;

/**
 * Reads an event as it was stored or published, whichever version wrote it: older ones are lifted to the shape of today.
 * @throws ZodError when it is no event of any version
 */
export function readTicketEvent(json: unknown): TicketEvent {
  return ticketEventSchema.parse(lift(storedSchema.parse(json)));
}

/**
 * The same for what we have stored ourselves: it was checked when it was made, and reading histories by the thousand is most of the work
 * of whoever follows them.
 * @throws TypeError when it is null
 */
export function storedTicketEvent(json: unknown): TicketEvent {
  return lift(json as Stored) as unknown as TicketEvent;
}

type Stored = z.infer<typeof storedSchema>;
const storedSchema = z.looseObject({ type: z.string(), schemaVersion: z.int(), data: z.looseObject({}) });

/** By type and version: what lifts it to the next version. */
const LIFTS: Readonly<Record<string, (event: Stored) => Stored>> = {
  'ticket-opened 1': (event) => ({
    ...event,
    schemaVersion: 2,
    data: { ...event.data, topicId: topicIn(event.data['conversation']), previousTicketId: null },
  }),
  'message-appended 1': (event) => ({
    ...event,
    schemaVersion: 2,
    data: { ...event.data, sender: null, attachments: [], mediaGroupId: null, editedAt: null },
  }),
};

/** The conversation of version 1 named the topic: `7:-100/t3/c42`. */
function topicIn(conversation: unknown): string | null {
  return typeof conversation === 'string' ? (/\/t(\d+)\//.exec(conversation)?.[1] ?? null) : null;
}

function lift(stored: Stored): Stored {
  let event = stored;
  for (;;) {
    const next = LIFTS[`${event.type} ${event.schemaVersion}`];
    if (!next) return event;
    event = next(event);
  }
}
