import type { RecordCustomerMessage } from './commands.js';
import type { TicketEvent } from './events.js';
import { replay } from './evolve.js';
import { appended, DEFAULT_POLICY, given, message, opened } from './fixtures.spec.js';
import { phrase } from './policy.js';

const status = (version: number, to: 'pending' | 'snoozed' | 'resolved' | 'closed', at: string): TicketEvent => ({
  schemaVersion: 1,
  type: 'ticket-status-changed',
  eventId: `t_1.${version}`,
  ticketId: 't_1',
  version,
  occurredAt: at,
  idempotencyKey: 'command:ada:1',
  data: {
    from: 'open',
    to,
    reason: 'agent',
    snoozedUntil: to === 'snoozed' ? '2026-02-01T09:00:00.000Z' : null,
    by: 'ada',
  },
});
const HOUR = 3_600_000;
const policy = { ...DEFAULT_POLICY, reopenWithinMs: 24 * HOUR, closingPhrases: new Set(['thanks', '👍'].map(phrase)) };
const RESOLVED_AT = '2026-01-02T10:00:00.000Z';
const next = (changes: Partial<RecordCustomerMessage> = {}) =>
  message({ idempotencyKey: 'k2', messageId: 2, newTicketId: 't_2', policy, ...changes });
const typesOf = (events: readonly TicketEvent[]) => events.map(({ type, ticketId }) => [type, ticketId]);

describe('a message in a ticket that waits', () => {
  it.each(['pending', 'snoozed'] as const)('%s: opens it, for it is the agent who has to act now', (waits) => {
    const history = [opened, appended, status(3, waits, RESOLVED_AT)];
    const events = given(...history).when(next());
    expect(events).toMatchObject([
      {
        type: 'ticket-status-changed',
        version: 4,
        data: { from: waits, to: 'open', reason: 'customer-message', by: null },
      },
      { type: 'message-appended', version: 5, ticketId: 't_1' },
    ]);
    expect(replay([...history, ...events])).toMatchObject({ status: 'open', snoozedUntil: null });
  });
});

describe('a message after the ticket was resolved', () => {
  const resolved = [opened, appended, status(3, 'resolved', RESOLVED_AT)];
  const after = (hours: number) => new Date(Date.parse(RESOLVED_AT) + hours * HOUR).toISOString();

  it('reopens it within the window, by the time at which the customer wrote', () => {
    // It came late, and was not written late.
    const events = given(...resolved).when(next({ sentAt: after(24), occurredAt: after(90) }));
    expect(events).toMatchObject([
      { type: 'ticket-status-changed', data: { from: 'resolved', to: 'open', reason: 'customer-message' } },
      { type: 'message-appended', ticketId: 't_1' },
    ]);
    expect(replay([...resolved, ...events])).toMatchObject({ status: 'open', resolvedAt: null, messageCount: 2 });
  });

  it('opens a new one after the window, which names the one before', () => {
    const events = given(...resolved).when(next({ sentAt: after(24.01) }));
    expect(typesOf(events)).toEqual([
      ['ticket-opened', 't_2'],
      ['message-appended', 't_2'],
    ]);
    expect(events[0]).toMatchObject({ version: 1, data: { previousTicketId: 't_1' } });
  });

  it('opens a new one at once when it was closed', () => {
    const events = given(...resolved, status(4, 'closed', RESOLVED_AT)).when(next({ sentAt: after(1) }));
    expect(typesOf(events)[0]).toEqual(['ticket-opened', 't_2']);
  });

  it.each(['Thanks!', ' THANKS. ', '👍', '👍️'])('"%s" ends it as it is, whenever it comes', (text) => {
    for (const hours of [1, 1000]) {
      const events = given(...resolved).when(next({ text, sentAt: after(hours) }));
      expect(typesOf(events)).toEqual([['message-appended', 't_1']]);
      expect(replay([...resolved, ...events])).toMatchObject({ status: 'resolved', messageCount: 2 });
    }
  });

  it('that only calls the bot opens nothing, unless the bot is told to', () => {
    const call = { isBotCommand: true, text: '/start' };
    for (const hours of [1, 1000]) expect(given(...resolved).when(next({ ...call, sentAt: after(hours) }))).toEqual([]);
    const told = { ...policy, commandsOpenTickets: true };
    expect(given().when(next({ ...call, policy: told }))).toHaveLength(2);
  });
});
