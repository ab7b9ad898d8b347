/** A ticket with one message, and what is asked of it. */
import type { RecordCustomerMessage } from './commands.js';
import { decide, type DecidedCommand } from './decide.js';
import type { TicketEvent } from './events.js';
import { replay } from './evolve.js';
import type { ConversationPolicy } from './policy.js';

/** As it is without a policy of the bot's own. */
export const DEFAULT_POLICY: ConversationPolicy = {
  reopenWithinMs: 72 * 3_600_000,
  closingPhrases: new Set(),
  commandsOpenTickets: false,
};

export const given = (...events: TicketEvent[]) => ({
  when: (command: DecidedCommand) => decide(command, replay(events)),
});

export const message = (changes: Partial<RecordCustomerMessage> = {}): RecordCustomerMessage => ({
  type: 'record-customer-message',
  idempotencyKey: 'tg1:7:message:42:1:100',
  botId: '7',
  chatId: '42',
  conversation: '7:42',
  topicId: null,
  sender: { id: '42', name: 'Ada', username: null },
  messageId: 1,
  text: 'My parcel is lost',
  attachments: [],
  mediaGroupId: null,
  isBotCommand: false,
  sentAt: '2026-01-01T10:00:00.000Z',
  editedAt: null,
  occurredAt: '2026-01-01T10:00:01.000Z',
  newTicketId: 't_1',
  policy: DEFAULT_POLICY,
  ...changes,
});

export const opened: TicketEvent = {
  schemaVersion: 2,
  type: 'ticket-opened',
  eventId: 't_1.1',
  ticketId: 't_1',
  version: 1,
  occurredAt: '2026-01-01T10:00:01.000Z',
  idempotencyKey: 'tg1:7:message:42:1:100',
  data: { botId: '7', chatId: '42', conversation: '7:42', customerId: '42', topicId: null, previousTicketId: null },
};

export const appended = {
  schemaVersion: 2,
  type: 'message-appended',
  eventId: 't_1.2',
  ticketId: 't_1',
  version: 2,
  occurredAt: '2026-01-01T10:00:01.000Z',
  idempotencyKey: 'tg1:7:message:42:1:100',
  data: {
    botId: '7',
    chatId: '42',
    messageId: 1,
    sender: { id: '42', name: 'Ada', username: null },
    sentAt: '2026-01-01T10:00:00.000Z',
    text: 'My parcel is lost',
    attachments: [],
    mediaGroupId: null,
    editedAt: null,
  },
} satisfies TicketEvent;
