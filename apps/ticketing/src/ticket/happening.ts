import type { Happening, RecordHappening } from './commands.js';
import type { TicketEvent } from './events.js';
import { History } from './history.js';
import { isActive, type Ticket } from './state.js';

/** Whether it concerns the ticket: one that has ended, or is of another customer or topic, goes on as if nothing had happened. */
export function concerns({ botId, chatId, happening }: RecordHappening, ticket: Ticket): boolean {
  if (ticket.botId !== botId || ticket.chatId !== chatId || !isActive(ticket)) return false;
  return 'topicId' in happening ? ticket.topicId === happening.topicId : ticket.customerId === happening.customerId;
}

/** It is an event and nothing else: nobody has asked or answered, so no clock starts or stops and no status changes. */
export function recordHappening(command: RecordHappening, ticket: Ticket): readonly TicketEvent[] {
  if (!concerns(command, ticket)) return [];
  const { botId, chatId, happening, happenedAt } = command;
  return added(new History(command, ticket.ticketId, ticket), happening, { botId, chatId, happenedAt }).events;
}

function added(
  history: History,
  happening: Happening,
  place: { botId: string; chatId: string; happenedAt: string },
): History {
  switch (happening.type) {
    case 'bot-blocked':
    case 'bot-unblocked':
      return history.add(happening.type, place);
    case 'member-left': {
      const { customerId: userId, wasRemoved } = happening;
      return history.add('member-left', { ...place, userId, wasRemoved });
    }
    case 'topic-closed':
    case 'topic-reopened':
      return history.add(happening.type, { ...place, topicId: happening.topicId });
    default:
      return happening satisfies never;
  }
}
