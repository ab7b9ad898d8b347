import type { EventOf } from './events.js';
import { isActive, type Ticket } from './state.js';

/** Of two messages the first counts where a customer waits, and the last where he has written. */
export function withMerged(ticket: Ticket, { data }: EventOf<'ticket-merge-received'>): Ticket {
  const waits = isActive(ticket) && ticket.status !== 'pending';
  return {
    ...ticket,
    mergedFrom: [...new Set([...ticket.mergedFrom, data.fromTicketId])],
    askedAt: earliest(ticket.askedAt, data.askedAt),
    customerWroteAt: latest(ticket.customerWroteAt, data.customerWroteAt),
    waitingSince: waits ? earliest(ticket.waitingSince, data.waitingSince) : null,
  };
}

function earliest(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return Date.parse(other) < Date.parse(one) ? other : one;
}

function latest(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return Date.parse(other) > Date.parse(one) ? other : one;
}
