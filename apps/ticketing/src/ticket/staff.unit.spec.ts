import type { TicketEvent } from './events.js';
import { replay } from './evolve.js';
import { appended, given, message, opened } from './fixtures.spec.js';
import { matchTicket, type MatchedStaffMessage } from './match-ticket.js';
import type { Ticket } from './state.js';

const bob = { id: '77', name: 'Bob', username: 'bob' };
const answer = (changes: Partial<MatchedStaffMessage> = {}): MatchedStaffMessage => ({
  type: 'record-staff-message',
  ...{ idempotencyKey: 'k9', botId: '7', chatId: '42', topicId: null, conversation: '7:42', answers: null },
  ...{ sender: bob, messageId: 9, text: 'It is on its way', attachments: [], mediaGroupId: null, isNote: false },
  ...{ sentAt: '2026-01-01T11:00:00.000Z', editedAt: null, occurredAt: '2026-01-01T11:00:01.000Z' },
  matchedBy: 'only-active-ticket',
  ...changes,
});
const status = (to: 'pending' | 'resolved'): TicketEvent => ({
  ...{ schemaVersion: 1, type: 'ticket-status-changed', eventId: 't_1.3', ticketId: 't_1', version: 3 },
  ...{ occurredAt: '2026-01-01T10:30:00.000Z', idempotencyKey: 'command:ada:1' },
  data: { from: 'new', to, reason: 'agent', snoozedUntil: null, by: 'ada' },
});

describe('an answer of staff', () => {
  it('is an event that says who wrote it and how it found the ticket; then it is the turn of the customer', () => {
    const events = given(opened, appended).when(answer());
    expect(events).toMatchObject([
      { type: 'staff-replied', version: 3, data: { sender: bob, messageId: 9, matchedBy: 'only-active-ticket' } },
      {
        type: 'ticket-status-changed',
        version: 4,
        data: { from: 'new', to: 'pending', reason: 'staff-reply', by: null },
      },
    ]);
    expect(replay([opened, appended, ...events])).toMatchObject({ status: 'pending', messageCount: 1 });
  });

  it('that is older than the last question leaves that one waiting', () => {
    const asked = given(opened, appended).when(
      message({ idempotencyKey: 'k2', messageId: 2, sentAt: '2026-01-01T11:00:00.500Z' }),
    );
    const events = given(opened, appended, ...asked).when(answer());
    expect(events.map(({ type }) => type)).toEqual(['staff-replied']);
    expect(replay([opened, appended, ...asked, ...events])).toMatchObject({
      ...{ status: 'new', waitingSince: '2026-01-01T10:00:00.000Z' },
    });
  });

  it.each(['pending', 'resolved'] as const)('leaves a ticket %s that is so', (to) => {
    const events = given(opened, appended, status(to)).when(answer());
    expect(events.map(({ type }) => type)).toEqual(['staff-replied']);
  });

  it('that is a note answers nobody', () => {
    const events = given(opened, appended).when(answer({ isNote: true, text: 'Known customer' }));
    expect(events).toMatchObject([{ type: 'note-added', data: { text: 'Known customer', by: null, staff: bob } }]);
    expect(events).toHaveLength(1);
  });
});

describe('which ticket staff answers', () => {
  const ticket = (ticketId: string, minute: number, askedAt = '2026-01-01T10:00:00.000Z') =>
    ({ ticketId, askedAt, updatedAt: new Date(Date.UTC(2026, 0, 1, 10, minute)).toISOString() }) as Ticket;
  const now = answer();
  const [first, second, third] = [ticket('t_1', 1), ticket('t_2', 5), ticket('t_3', 3)];

  it('that of the message it answers, whatever else is active', () => {
    expect(matchTicket(now, first, [second, third])).toEqual({ ticket: first, matchedBy: 'answered-message' });
  });

  it('else the only active one', () => {
    expect(matchTicket(now, undefined, [third])).toEqual({ ticket: third, matchedBy: 'only-active-ticket' });
  });

  it('else the one in which something happened last', () => {
    expect(matchTicket(now, undefined, [first, second, third])).toEqual({
      ticket: second,
      matchedBy: 'latest-active-ticket',
    });
  });

  it('never one whose customer had not asked yet', () => {
    const younger = ticket('t_4', 9, '2026-01-01T11:00:01.000Z');
    expect(matchTicket(now, undefined, [younger, first])).toEqual({ ticket: first, matchedBy: 'only-active-ticket' });
    expect(matchTicket(now, undefined, [younger])).toBeUndefined();
  });

  it('or none', () => {
    expect(matchTicket(now, undefined, [])).toBeUndefined();
  });
});
