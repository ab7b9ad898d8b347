import type { TicketEvent } from './events.js';
import type { RecordedMessage } from './message.js';
import type { Ticket } from './state.js';

/** Whose content something is: one account. Accounts that are known to be one customer are erased together. */
export interface Person {
  readonly botId: string;
  /** His user id in Telegram; `chat:…` with the id of the chat for what is nobody's. */
  readonly personId: string;
}

/** Before the id of a chat, for what is nobody's in particular. */
export const OF_CHAT = 'chat:';

/**
 * A customer's message is its author's. What staff wrote, in a note as in an answer, is about the customer of the ticket, and goes with
 * him; a topic that is one ticket for all has no customer, so there it is the chat's.
 * @param edited the message that the event changes, where it changes one
 */
export function personOf(event: TicketEvent, ticket: Ticket, edited?: RecordedMessage): Person {
  const { botId, chatId, customerId } = ticket;
  return { botId, personId: authorOf(event, edited) ?? customerId ?? `${OF_CHAT}${chatId}` };
}

function authorOf(event: TicketEvent, edited: RecordedMessage | undefined): string | undefined {
  if (event.type === 'message-appended') return event.data.sender?.id;
  if (event.type === 'message-edited' && edited?.author === 'customer') return edited.sender?.id;
  return undefined;
}
