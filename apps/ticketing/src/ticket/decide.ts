import type { RecordCustomerMessage, RecordMessageEdit, RecordMissingUpdate, TicketCommand } from './commands.js';
import {
  eventId,
  type MessageAppended,
  type MessageEdited,
  type TicketEvent,
  type TicketOpened,
  type UpdateMissing,
} from './events.js';
import type { TicketState } from './state.js';

/** The rules: what a command makes happen, given what happened before. */
export function decide(command: TicketCommand, state: TicketState): readonly TicketEvent[] {
  switch (command.type) {
    case 'record-customer-message':
      return recordMessage(command, state);
    case 'record-message-edit':
      return state.status === 'none' ? [] : [edited(command, state.ticketId, state.version + 1)];
    case 'record-missing-update':
      // Without a ticket there is no history in which something could be missing: whoever opens one asks again.
      return state.status === 'none' ? [] : [missing(command, state.ticketId, state.version + 1)];
    default:
      return command satisfies never;
  }
}

function recordMessage(command: RecordCustomerMessage, state: TicketState): readonly TicketEvent[] {
  switch (state.status) {
    case 'none':
      // Who presses "start" has not asked for anything yet.
      return command.isBotCommand ? [] : [opened(command), appended(command, command.newTicketId, 2)];
    case 'open':
      return [appended(command, state.ticketId, state.version + 1)];
    default:
      return state satisfies never;
  }
}

function opened(command: RecordCustomerMessage): TicketOpened {
  const { botId, chatId, conversation, customerId } = command;
  return {
    ...envelope(command, command.newTicketId, 1),
    type: 'ticket-opened',
    schemaVersion: 1,
    data: { botId, chatId, conversation, customerId },
  };
}

function appended(command: RecordCustomerMessage, ticketId: string, version: number): MessageAppended {
  const { botId, chatId, messageId, sentAt, text, attachments, mediaGroupId } = command;
  return {
    ...envelope(command, ticketId, version),
    type: 'message-appended',
    schemaVersion: 2,
    data: { botId, chatId, messageId, sentAt, text, attachments: [...attachments], mediaGroupId },
  };
}

function edited(command: RecordMessageEdit, ticketId: string, version: number): MessageEdited {
  const { botId, chatId, messageId, editedAt, text, attachments } = command;
  return {
    ...envelope(command, ticketId, version),
    type: 'message-edited',
    schemaVersion: 1,
    data: { botId, chatId, messageId, editedAt, text, attachments: [...attachments] },
  };
}

function missing(command: RecordMissingUpdate, ticketId: string, version: number): UpdateMissing {
  const { updateKind, reason, receivedAt } = command;
  return {
    ...envelope(command, ticketId, version),
    type: 'update-missing',
    schemaVersion: 1,
    data: { updateKind, reason, receivedAt },
  };
}

function envelope(command: TicketCommand, ticketId: string, version: number) {
  return {
    eventId: eventId(ticketId, version),
    ticketId,
    version,
    occurredAt: command.occurredAt,
    idempotencyKey: command.idempotencyKey,
  };
}
