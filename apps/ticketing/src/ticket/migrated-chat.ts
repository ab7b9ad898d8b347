import type { IntakeCommand, MoveTicket } from './commands.js';
import type { TicketEvent } from './events.js';
import { History } from './history.js';
import type { Ticket } from './state.js';

/** A chat of a bot that went on as another one. */
export interface MigratedChat {
  readonly botId: string;
  readonly chatId: string;
  readonly migratedTo: string;
}

/** The same conversation in the chat that goes on. */
export function migratedConversation({ botId, chatId, migratedTo }: MigratedChat, conversation: string): string {
  const before = `${botId}:${chatId}`;
  const isThere = conversation === before || conversation.startsWith(`${before}/`);
  return isThere ? `${botId}:${migratedTo}${conversation.slice(before.length)}` : conversation;
}

/** What is said in a chat that is no more, and reaches us late, is meant for its ticket, wherever that is now. Messages keep their chat: their numbers count there. */
export function inMigratedChat<Command extends IntakeCommand>(
  command: Command,
  migrated: MigratedChat | undefined,
): Command {
  if (!migrated) return command;
  const { migratedTo } = migrated;
  if (command.type === 'record-happening') return { ...command, chatId: migratedTo };
  if (command.type !== 'record-customer-message' && command.type !== 'record-staff-message') return command;
  const { conversation } = command;
  return { ...command, migratedTo, conversation: conversation && migratedConversation(migrated, conversation) };
}

/** Nothing else changes: nobody has done anything in the ticket. */
export function moveTicket(command: MoveTicket, ticket: Ticket): readonly TicketEvent[] {
  const { botId, fromChatId, chatId, conversation } = command;
  if (ticket.botId !== botId || ticket.chatId !== fromChatId) return [];
  const move = { botId, fromChatId, chatId, conversation };
  return new History(command, ticket.ticketId, ticket).add('ticket-moved', move).events;
}
