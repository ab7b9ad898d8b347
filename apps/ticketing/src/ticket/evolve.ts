import type { TicketEvent } from './events.js';
import { NO_TICKET, type TicketState } from './state.js';

/** Folds one event into the state. Total: an event that does not fit changes nothing, so that a replay never stops. */
export function evolve(state: TicketState, event: TicketEvent): TicketState {
  switch (event.type) {
    case 'ticket-opened':
      if (state.status !== 'none') return state;
      return {
        status: 'open',
        ticketId: event.ticketId,
        botId: event.data.botId,
        chatId: event.data.chatId,
        conversation: event.data.conversation,
        customerId: event.data.customerId,
        version: event.version,
        messageCount: 0,
        openedAt: event.occurredAt,
        updatedAt: event.occurredAt,
      };
    case 'message-appended':
      if (state.status === 'none') return state;
      return {
        ...state,
        version: event.version,
        messageCount: state.messageCount + 1,
        updatedAt: later(state.updatedAt, event.occurredAt),
      };
    case 'message-edited':
    case 'update-missing':
      if (state.status === 'none') return state;
      return { ...state, version: event.version, updatedAt: later(state.updatedAt, event.occurredAt) };
    default:
      return event satisfies never;
  }
}

/** What comes back, or is shown late, has happened before what stands before it. */
function later(one: string, other: string): string {
  return Date.parse(other) > Date.parse(one) ? other : one;
}

/** The state after a whole history. */
export function replay(events: Iterable<TicketEvent>): TicketState {
  let state: TicketState = NO_TICKET;
  for (const event of events) state = evolve(state, event);
  return state;
}
