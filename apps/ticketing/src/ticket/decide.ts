import type {
  RecordCustomerMessage,
  RecordMessageDeletion,
  RecordMessageEdit,
  RecordMissingUpdate,
  RecordStaffMessage,
  UpdateCommand,
} from './commands.js';
import type { TicketEvent } from './events.js';
import { recordHappening } from './happening.js';
import { History } from './history.js';
import { moveTicket } from './migrated-chat.js';
import { phrase } from './policy.js';
import { isActive, isAnswered, NO_TICKET, type Ticket, type TicketState } from './state.js';
import type { MatchedStaffMessage } from './match-ticket.js';

/** Staff's message has found its ticket before. */
export type DecidedCommand = Exclude<UpdateCommand, RecordStaffMessage> | MatchedStaffMessage;

/** The rules for updates: what one makes happen in its ticket, or after the last one of its conversation. Nothing is an answer too. */
export function decide(command: DecidedCommand, state: TicketState): readonly TicketEvent[] {
  switch (command.type) {
    case 'record-customer-message':
      return recordMessage(command, state);
    case 'record-staff-message':
      return state.status === 'none' ? [] : recordStaff(command, state);
    case 'record-message-edit':
      return state.status === 'none' ? [] : recordEdit(command, state);
    case 'record-message-deletion':
      return state.status === 'none' ? [] : recordDeletion(command, state);
    case 'record-happening':
      return state.status === 'none' ? [] : recordHappening(command, state);
    case 'move-ticket':
      return state.status === 'none' ? [] : moveTicket(command, state);
    case 'record-missing-update':
      return recordMissing(command, state);
    default:
      return command satisfies never;
  }
}

/** Staff has answered: it is the customer's turn, unless the ticket had ended before. */
function recordStaff(command: MatchedStaffMessage, ticket: Ticket): readonly TicketEvent[] {
  const history = new History(command, ticket.ticketId, ticket);
  const { botId, chatId, messageId, sender, sentAt, text, attachments, mediaGroupId, editedAt, matchedBy } = command;
  if (command.isNote) return history.add('note-added', { text: text ?? '', by: null, staff: sender }).events;
  const content = { sender, sentAt, text, attachments: [...attachments], mediaGroupId, editedAt };
  history.add('staff-replied', { botId, chatId, messageId, ...content, matchedBy });
  const { status: from } = ticket;
  if (from !== 'pending' && isActive(ticket) && isAnswered(ticket, sentAt)) {
    const change = { from, to: 'pending', reason: 'staff-reply', snoozedUntil: null, by: null } as const;
    history.add('ticket-status-changed', change);
  }
  return history.events;
}

function recordMessage(command: RecordCustomerMessage, state: TicketState): readonly TicketEvent[] {
  if (state.status === 'none') return open(command, null);
  const history = new History(command, state.ticketId, state);
  if (!isActive(state)) {
    if (saysGoodbye(command)) return history.add('message-appended', messageOf(command)).events;
    if (!mayReopen(command, state)) return open(command, state.ticketId);
    // Who presses "start" again has not asked for anything more.
    if (opensNothing(command)) return [];
  }
  if (state.status !== 'new' && state.status !== 'open') {
    const change = {
      from: state.status,
      to: 'open',
      reason: 'customer-message',
      snoozedUntil: null,
      by: null,
    } as const;
    history.add('ticket-status-changed', change);
  }
  return history.add('message-appended', messageOf(command)).events;
}

function open(command: RecordCustomerMessage, previousTicketId: string | null): readonly TicketEvent[] {
  if (opensNothing(command)) return [];
  const { botId, conversation, topicId, sender, newTicketId } = command;
  const chatId = command.migratedTo ?? command.chatId;
  return new History(command, newTicketId, NO_TICKET)
    .add('ticket-opened', { botId, chatId, conversation, customerId: sender.id, topicId, previousTicketId })
    .add('message-appended', messageOf(command)).events;
}

/** Who presses "start" has not asked for anything yet. */
function opensNothing({ isBotCommand, policy }: RecordCustomerMessage): boolean {
  return isBotCommand && !policy.commandsOpenTickets;
}

/** A "thanks" is no new question. */
function saysGoodbye({ text, policy }: RecordCustomerMessage): boolean {
  return text !== null && policy.closingPhrases.has(phrase(text));
}

/** By the customer's clock: a message that reached us late was not written late. */
function mayReopen({ sentAt, editedAt, policy }: RecordCustomerMessage, { status, resolvedAt }: Ticket): boolean {
  if (status !== 'resolved' || resolvedAt === null) return false;
  return Date.parse(editedAt ?? sentAt) <= Date.parse(resolvedAt) + policy.reopenWithinMs;
}

function messageOf(command: RecordCustomerMessage) {
  const { botId, chatId, messageId, sender, sentAt, text, attachments, mediaGroupId, editedAt } = command;
  return { botId, chatId, messageId, sender, sentAt, text, attachments: [...attachments], mediaGroupId, editedAt };
}

function recordEdit(command: RecordMessageEdit, ticket: Ticket): readonly TicketEvent[] {
  const { botId, chatId, messageId, editedAt, text, attachments } = command;
  const edit = { botId, chatId, messageId, editedAt, text, attachments: [...attachments] };
  return new History(command, ticket.ticketId, ticket).add('message-edited', edit).events;
}

function recordDeletion(command: RecordMessageDeletion, ticket: Ticket): readonly TicketEvent[] {
  const { botId, chatId, messageId } = command;
  return new History(command, ticket.ticketId, ticket).add('message-deleted', { botId, chatId, messageId }).events;
}

/** Without an active ticket there is no history in which something could be missing: whoever opens one asks again. */
function recordMissing(command: RecordMissingUpdate, state: TicketState): readonly TicketEvent[] {
  if (state.status === 'none' || !isActive(state)) return [];
  const { updateKind, reason, receivedAt } = command;
  return new History(command, state.ticketId, state).add('update-missing', { updateKind, reason, receivedAt }).events;
}
