import { decide } from './decide.js';
import { decideForAgent } from './decide-for-agent.js';
import { decideForTimer, type TimerCommand } from './decide-for-timer.js';
import type { TicketChanges } from './commands.js';
import { evolveTicket, replay } from './evolve.js';
import { message } from './fixtures.spec.js';
import { NO_TICKET, type Ticket } from './state.js';

const WAKES = '2026-01-02T09:00:00.000Z';
const HOUR = 3_600_000;

/** A ticket that an agent has changed so, on the first of January at noon. */
function ticketWith(changes: TicketChanges): Ticket {
  const opened = decide(message(), NO_TICKET);
  const before = replay(opened);
  if (before.status === 'none') throw new Error('no ticket');
  const wish = { type: 'change-ticket', idempotencyKey: 'command:ada:1', by: 'ada', changes } as const;
  const decision = decideForAgent({ ...wish, occurredAt: '2026-01-01T12:00:00.000Z' }, before);
  return 'events' in decision ? decision.events.reduce(evolveTicket, before) : before;
}
const at = (occurredAt: string, changes: Partial<TimerCommand> = {}): TimerCommand => ({
  ...{ timer: 'wake', occurredAt, closeAfterMs: 24 * HOUR },
  ...changes,
});

describe('a snoozed ticket', () => {
  const snoozed = ticketWith({ status: 'snoozed', snoozedUntil: WAKES });

  it('wakes at its time, and not before', () => {
    expect(decideForTimer(at('2026-01-02T08:59:59.999Z'), snoozed)).toEqual([]);
    const events = decideForTimer(at(WAKES), snoozed);
    expect(events).toMatchObject([
      {
        ...{ type: 'ticket-status-changed', version: 4, idempotencyKey: 'timer:wake:t_1.3' },
        data: { from: 'snoozed', to: 'open', reason: 'snooze-over', by: null },
      },
    ]);
    expect(events.reduce(evolveTicket, snoozed)).toMatchObject({
      ...{ status: 'open', snoozedUntil: null },
      // The customer has waited all the while.
      waitingSince: '2026-01-01T10:00:00.000Z',
    });
  });

  it('that is awake already is left alone', () => {
    expect(decideForTimer(at('2026-02-01T00:00:00.000Z'), ticketWith({ status: 'open' }))).toEqual([]);
  });
});

describe('a resolved ticket', () => {
  const resolved = ticketWith({ status: 'resolved' });
  const close = (occurredAt: string, closeAfterMs: number | null = 24 * HOUR) =>
    decideForTimer(at(occurredAt, { timer: 'close', closeAfterMs }), resolved);

  it('is closed after its silence, and keeps the time of its resolution', () => {
    expect(close('2026-01-02T11:59:59.999Z')).toEqual([]);
    const events = close('2026-01-02T12:00:00.000Z');
    expect(events).toMatchObject([{ data: { from: 'resolved', to: 'closed', reason: 'silence' } }]);
    expect(events.reduce(evolveTicket, resolved)).toMatchObject({
      ...{ status: 'closed', resolvedAt: '2026-01-01T12:00:00.000Z' },
    });
  });

  it('never is where the bot says so', () => {
    expect(close('2036-01-01T00:00:00.000Z', null)).toEqual([]);
  });
});
