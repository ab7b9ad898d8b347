import type { AssignmentMode } from './assign-tickets.js';
import type { TicketEvent } from './events.js';
import { History } from './history.js';
import type { Ticket } from './state.js';

export interface AssignByRule {
  readonly agent: string;
  readonly mode: AssignmentMode;
  /** RFC 3339 UTC. */
  readonly occurredAt: string;
}

/** A ticket that somebody has meanwhile, or that is not for us to act on any more, stays as it is. */
export function decideAssignment({ agent, mode, occurredAt }: AssignByRule, ticket: Ticket): readonly TicketEvent[] {
  const { ticketId, version, status, assignee, team } = ticket;
  if (assignee !== null || (status !== 'new' && status !== 'open')) return [];
  // The version makes it the key of this very occasion.
  const cause = { occurredAt, idempotencyKey: `timer:assign:${ticketId}.${version}` };
  const history = new History(cause, ticketId, ticket);
  history.add('ticket-assigned', { assignee: agent, team, by: null, reason: mode });
  if (status === 'open') return history.events;
  const change = { from: 'new', to: 'open', reason: 'assignment', snoozedUntil: null, by: null } as const;
  return history.add('ticket-status-changed', change).events;
}
