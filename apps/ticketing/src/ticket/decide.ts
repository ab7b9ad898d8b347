import type { RecordCustomerMessage, RecordMissingUpdate, TicketCommand } from './commands.js';
import { eventId, type MessageAppended, type TicketEvent, type TicketOpened, type UpdateMissing } from './events.js';
import type { TicketState } from './state.js';

/** The rules: what a command makes happen, given what happened before. */
export function decide(command: TicketCommand, state: TicketState): readonly TicketEvent[] {
  switch (command.type) {
    case 'record-customer-message':
      return recordMessage(command, state);
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
      return [opened(command), appended(command, command.newTicketId, 2)];
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
    data: { botId, chatId, conversation, customerId },
  };
}

function appended(command: RecordCustomerMessage, ticketId: string, version: number): MessageAppended {
  const { botId, chatId, messageId, sentAt, text } = command;
  return {
    ...envelope(command, ticketId, version),
    type: 'message-appended',
    data: { botId, chatId, messageId, sentAt, text },
  };
}

function missing(command: RecordMissingUpdate, ticketId: string, version: number): UpdateMissing {
  const { updateKind, reason, receivedAt } = command;
  return { ...envelope(command, ticketId, version), type: 'update-missing', data: { updateKind, reason, receivedAt } };
}

function envelope(command: TicketCommand, ticketId: string, version: number) {
  return {
    schemaVersion: 1 as const,
    eventId: eventId(ticketId, version),
    ticketId,
    version,
    occurredAt: command.occurredAt,
    idempotencyKey: command.idempotencyKey,
  };
}
