import type { EventOf, TicketEvent } from './events.js';
import { withFields } from './custom-fields.js';
import { withLink, withoutLink } from './links.js';
import { withMerged } from './merged-times.js';
import { isActive, isAnswered, NO_TICKET, type Ticket, type TicketState } from './state.js';

/** Folds one event into the state. Total: an event that does not fit changes nothing, so that a replay never stops. */
export function evolve(state: TicketState, event: TicketEvent): TicketState {
  if (event.type === 'ticket-opened') return state.status === 'none' ? opened(event) : state;
  return state.status === 'none' ? state : evolveTicket(state, event);
}

/** The same for a ticket that is there: it stays one. */
export function evolveTicket(state: Ticket, event: TicketEvent): Ticket {
  const ticket = { ...state, version: event.version, updatedAt: later(state.updatedAt, event.occurredAt) };
  switch (event.type) {
    case 'message-appended':
      return withMessage(ticket, event);
    case 'ticket-status-changed':
      return withStatus(ticket, event);
    case 'ticket-priority-changed':
      return { ...ticket, priority: event.data.to };
    case 'ticket-assigned':
      return { ...ticket, assignee: event.data.assignee, team: event.data.team };
    case 'ticket-tags-changed':
      return { ...ticket, tags: withNames(ticket.tags, event.data) };
    case 'ticket-watchers-changed':
      return { ...ticket, watchers: withNames(ticket.watchers, event.data) };
    case 'ticket-fields-changed':
      return { ...ticket, fields: withFields(ticket.fields, event.data.changed) };
    case 'ticket-linked':
      return {
        ...ticket,
        links: withLink(ticket.links, { ticketId: event.data.otherTicketId, kind: event.data.kind }),
      };
    case 'ticket-unlinked':
      return { ...ticket, links: withoutLink(ticket.links, event.data.otherTicketId) };
    case 'ticket-merged':
      return { ...ticket, mergedInto: event.data.intoTicketId };
    case 'ticket-merge-received':
      return withMerged(ticket, event);
    case 'ticket-opened':
      return state;
    case 'message-edited':
    case 'message-deleted':
    case 'update-missing':
    case 'note-added':
      return ticket;
    case 'bot-blocked':
    case 'bot-unblocked':
    case 'member-left':
    case 'topic-closed':
    case 'topic-reopened':
    case 'sla-warned':
    case 'sla-breached':
      // Nobody has done anything in the ticket: whom staff answers goes by the last who did.
      return { ...state, version: event.version };
    case 'ticket-moved':
      return { ...state, version: event.version, chatId: event.data.chatId, conversation: event.data.conversation };
    case 'staff-replied':
      return isAnswered(ticket, event.data.sentAt) ? { ...ticket, waitingSince: null } : ticket;
    default:
      return event satisfies never;
  }
}

function opened({ ticketId, version, occurredAt, data }: EventOf<'ticket-opened'>): Ticket {
  const { botId, chatId, conversation, customerId, topicId, previousTicketId } = data;
  return {
    ...{ status: 'new', ticketId, botId, chatId, conversation, customerId, topicId, previousTicketId },
    ...{
      priority: 'normal',
      assignee: null,
      team: null,
      tags: [],
      watchers: [],
      fields: {},
      links: [],
      mergedInto: null,
      mergedFrom: [],
      snoozedUntil: null,
    },
    ...{ askedAt: null, customerWroteAt: null, waitingSince: null, resolvedAt: null },
    ...{ version, messageCount: 0, openedAt: occurredAt, updatedAt: occurredAt },
  };
}

/** A ticket that is closed after it was resolved keeps the time of that. */
function withStatus(ticket: Ticket, { data, occurredAt }: EventOf<'ticket-status-changed'>): Ticket {
  const { to: status, snoozedUntil } = data;
  const kept = status === 'closed' ? ticket.resolvedAt : null;
  const resolvedAt = status === 'resolved' ? occurredAt : kept;
  const waits = isActive({ status }) && status !== 'pending';
  return { ...ticket, status, snoozedUntil, resolvedAt, waitingSince: waits ? ticket.waitingSince : null };
}

/** What a customer says in a ticket that has ended waits for nobody. */
function withMessage(ticket: Ticket, { data: { sentAt } }: EventOf<'message-appended'>): Ticket {
  return {
    ...ticket,
    messageCount: ticket.messageCount + 1,
    askedAt: ticket.askedAt ?? sentAt,
    customerWroteAt: ticket.customerWroteAt === null ? sentAt : later(ticket.customerWroteAt, sentAt),
    waitingSince: isActive(ticket) ? (ticket.waitingSince ?? sentAt) : null,
  };
}

interface SetChange {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** A set of names after it was changed, in the order of the alphabet. */
export function withNames(before: readonly string[], { added, removed }: SetChange): string[] {
  const gone = new Set(removed);
  return [...new Set([...before, ...added])].filter((name) => !gone.has(name)).sort();
}

/** What comes back, or is shown late, has happened before what stands before it. */
function later(one: string, other: string): string {
  return Date.parse(other) > Date.parse(one) ? other : one;
}

/** The state of the ticket that the event is of: where the state is another ticket's, a history begins. */
export function follow(state: TicketState, event: TicketEvent): TicketState {
  const isOther = state.status !== 'none' && state.ticketId !== event.ticketId;
  return evolve(isOther ? NO_TICKET : state, event);
}

/** The state after a whole history. */
export function replay(events: Iterable<TicketEvent>): TicketState {
  let state: TicketState = NO_TICKET;
  for (const event of events) state = evolve(state, event);
  return state;
}
