import type { TicketEvent } from './events.js';
import { History } from './history.js';
import type { Ticket } from './state.js';

/** What only time does. */
export const TIMERS = ['wake', 'close'] as const;
export type Timer = (typeof TIMERS)[number];

export interface TimerCommand {
  readonly timer: Timer;
  /** RFC 3339 UTC. */
  readonly occurredAt: string;
  /** How long after its resolution a ticket is closed, milliseconds; null: never. */
  readonly closeAfterMs: number | null;
}

/** The rules for time. What is not due any more makes no event: who asks twice, or late, does no harm. */
export function decideForTimer(command: TimerCommand, ticket: Ticket): readonly TicketEvent[] {
  const { timer, occurredAt } = command;
  if (!isDue(command, ticket)) return [];
  const { ticketId, version, status: from } = ticket;
  // The version makes it the key of this very occasion.
  const history = new History(
    { occurredAt, idempotencyKey: `timer:${timer}:${ticketId}.${version}` },
    ticketId,
    ticket,
  );
  const change = timer === 'wake' ? WAKES : CLOSES;
  return history.add('ticket-status-changed', { from, ...change, snoozedUntil: null, by: null }).events;
}

const WAKES = { to: 'open', reason: 'snooze-over' } as const;
const CLOSES = { to: 'closed', reason: 'silence' } as const;

function isDue({ timer, occurredAt, closeAfterMs }: TimerCommand, ticket: Ticket): boolean {
  const now = Date.parse(occurredAt);
  const { status, snoozedUntil, resolvedAt } = ticket;
  if (timer === 'wake') return status === 'snoozed' && snoozedUntil !== null && Date.parse(snoozedUntil) <= now;
  if (status !== 'resolved' || resolvedAt === null || closeAfterMs === null) return false;
  return Date.parse(resolvedAt) + closeAfterMs <= now;
}
