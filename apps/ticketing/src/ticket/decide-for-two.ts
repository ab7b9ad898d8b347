import type { LinkKind } from '@onceline/contracts';
import type { TicketEvent } from './events.js';
import { History } from './history.js';
import { INVERSE } from './links.js';
import { merge } from './merge.js';
import type { Ticket } from './state.js';

interface Asked {
  readonly idempotencyKey: string;
  /** Who asks for it. */
  readonly by: string;
  readonly occurredAt: string;
}

export interface LinkTickets extends Asked {
  readonly type: 'link-tickets';
  /** What the first has to do with the second. */
  readonly kind: LinkKind;
}

export interface UnlinkTickets extends Asked {
  readonly type: 'unlink-tickets';
}

/** The first is to become one with the second, which goes on. */
export interface MergeTickets extends Asked {
  readonly type: 'merge-tickets';
}

/** What an agent asks of two tickets. */
export type PairCommand = LinkTickets | UnlinkTickets | MergeTickets;

/** Why it cannot be. */
export interface PairRefusal {
  /** The first ticket, or the second one. */
  readonly about: 'ticket' | 'other';
  /** Another choice of tickets is wanted, or these in another state. */
  readonly because: 'choice' | 'state';
  readonly detail: string;
  readonly fix: string;
}

/** The events of both tickets, to be written together. */
export type PairDecision = { readonly events: readonly TicketEvent[] } | { readonly refusal: PairRefusal };

/** The rules for two tickets. What is so already makes no event. */
export function decideForTwo(command: PairCommand, ticket: Ticket, other: Ticket): PairDecision {
  if (ticket.ticketId === other.ticketId) return { refusal: ONE_AND_THE_SAME };
  switch (command.type) {
    case 'link-tickets':
      return link(command, ticket, other);
    case 'unlink-tickets':
      return { events: [...unlinked(command, ticket, other), ...unlinked(command, other, ticket)] };
    case 'merge-tickets':
      return merge(command, ticket, other);
    default:
      return command satisfies never;
  }
}

const ONE_AND_THE_SAME: PairRefusal = {
  ...{ about: 'other', because: 'choice', detail: 'This is the ticket itself.' },
  fix: 'Name another ticket.',
};

/** Whoever reads a ticket reads them all. */
export const MOST_LINKS = 100;

function link(command: LinkTickets, ticket: Ticket, other: Ticket): PairDecision {
  const events = [
    ...linked(command, command.kind, { ticket, other }),
    ...linked(command, INVERSE[command.kind], { ticket: other, other: ticket }),
  ];
  const hasRoom = { ticket: hasRoomFor(other, ticket), other: hasRoomFor(ticket, other) };
  if (events.length === 0 || (hasRoom.ticket && hasRoom.other)) return { events };
  const detail = `A ticket has ${MOST_LINKS} links, at most.`;
  const fix = 'Remove a link from it first: DELETE /v1/tickets/{id}/links/…';
  return { refusal: { about: hasRoom.ticket ? 'other' : 'ticket', because: 'state', detail, fix } };
}

function hasRoomFor(other: Ticket, { links }: Ticket): boolean {
  return links.length < MOST_LINKS || links.some(({ ticketId }) => ticketId === other.ticketId);
}

function linked(
  command: LinkTickets,
  kind: LinkKind,
  { ticket, other }: { readonly ticket: Ticket; readonly other: Ticket },
): readonly TicketEvent[] {
  const { ticketId: otherTicketId } = other;
  if (ticket.links.some((known) => known.ticketId === otherTicketId && known.kind === kind)) return [];
  const { by } = command;
  return new History(command, ticket.ticketId, ticket).add('ticket-linked', { otherTicketId, kind, by }).events;
}

function unlinked(command: UnlinkTickets, ticket: Ticket, { ticketId: otherTicketId }: Ticket): readonly TicketEvent[] {
  if (!ticket.links.some(({ ticketId }) => ticketId === otherTicketId)) return [];
  const { by } = command;
  return new History(command, ticket.ticketId, ticket).add('ticket-unlinked', { otherTicketId, by }).events;
}
