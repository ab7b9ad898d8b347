import { PRIORITIES, TICKET_STATUSES, ticketEventSchema } from '@onceline/contracts';
import fc from 'fast-check';
import type { AgentCommand, RecordCustomerMessage, TicketChanges } from './commands.js';
import { decide } from './decide.js';
import { decideForAgent } from './decide-for-agent.js';
import type { TicketEvent } from './events.js';
import { evolve, follow, replay } from './evolve.js';
import { DEFAULT_POLICY } from './fixtures.spec.js';
import { isActive, NO_TICKET, type Ticket, type TicketState } from './state.js';

const NOW = '2026-01-01T12:00:00.000Z';
const TOMORROW = '2026-01-02T09:00:00.000Z';

const message = (number: number): RecordCustomerMessage => ({
  type: 'record-customer-message',
  ...{ idempotencyKey: `k${number}`, botId: '7', chatId: '42', conversation: '7:42', topicId: null },
  sender: { id: '42', name: 'Ada', username: null },
  ...{ messageId: number, text: 'My parcel is lost', attachments: [], mediaGroupId: null, isBotCommand: false },
  ...{ sentAt: '2026-01-01T10:00:00.000Z', editedAt: null, occurredAt: '2026-01-01T10:00:01.000Z' },
  ...{ newTicketId: `t_${number}`, policy: DEFAULT_POLICY },
});

const opened = decide(message(1), NO_TICKET);
const ticketOf = (events: readonly TicketEvent[]): Ticket => {
  const state = replay(events);
  if (state.status === 'none') throw new Error('no ticket');
  return state;
};
const change = (changes: TicketChanges): AgentCommand => ({
  type: 'change-ticket',
  idempotencyKey: 'command:ada:1',
  by: 'ada',
  changes,
  occurredAt: NOW,
});

/** The ticket after these wishes, and the events of the last one. */
function after(...wishes: readonly TicketChanges[]): { ticket: Ticket; events: readonly TicketEvent[] } {
  let history = [...opened];
  let events: readonly TicketEvent[] = [];
  for (const wish of wishes) {
    const decision = decideForAgent(change(wish), ticketOf(history));
    if ('refusal' in decision) throw new Error(decision.refusal.detail);
    events = decision.events;
    history = [...history, ...events];
  }
  return { ticket: ticketOf(history), events };
}
const refusalOf = (changes: TicketChanges) => {
  const decision = decideForAgent(change(changes), ticketOf(opened));
  return 'refusal' in decision ? decision.refusal.field : undefined;
};

describe('an agent changes a ticket', () => {
  it('each thing by an event that says who did it', () => {
    const { ticket, events } = after({ status: 'pending', priority: 'urgent', team: 'refunds', tags: ['vip', 'b'] });
    expect(events.map(({ type, version, data }) => [type, version, data])).toEqual([
      ['ticket-status-changed', 3, { from: 'new', to: 'pending', reason: 'agent', snoozedUntil: null, by: 'ada' }],
      ['ticket-priority-changed', 4, { from: 'normal', to: 'urgent', by: 'ada' }],
      ['ticket-assigned', 5, { assignee: null, team: 'refunds', by: 'ada' }],
      ['ticket-tags-changed', 6, { added: ['b', 'vip'], removed: [], by: 'ada' }],
    ]);
    expect(ticket).toMatchObject({ status: 'pending', priority: 'urgent', team: 'refunds', tags: ['b', 'vip'] });
    expect(events.map((event) => ticketEventSchema.safeParse(event).success)).toEqual([true, true, true, true]);
  });

  it('what is so already makes no event, so that a wish may be repeated', () => {
    const wish = { status: 'snoozed', snoozedUntil: TOMORROW, priority: 'low', assignee: 'bob', tags: ['a'] } as const;
    expect(after(wish, wish).events).toEqual([]);
  });

  it('a new ticket that somebody takes is open, and keeps the team', () => {
    expect(after({ team: 'refunds' }, { assignee: 'ada' }).ticket).toMatchObject({
      ...{ status: 'open', assignee: 'ada', team: 'refunds' },
    });
    expect(after({ team: 'refunds' }).ticket.status).toBe('new');
    expect(after({ assignee: 'ada', status: 'pending' }).ticket.status).toBe('pending');
  });

  it('tags are added and taken away', () => {
    expect(after({ tags: ['b', 'a'] }, { tags: ['a', 'c', 'c'] })).toMatchObject({
      ticket: { tags: ['a', 'c'] },
      events: [{ data: { added: ['c'], removed: ['b'] } }],
    });
  });

  it('watchers come and go', () => {
    expect(after({ watchers: ['bob', 'ada'] }, { watchers: ['ada', 'eve'] })).toMatchObject({
      ticket: { watchers: ['ada', 'eve'], tags: [] },
      events: [{ type: 'ticket-watchers-changed', data: { added: ['eve'], removed: ['bob'], by: 'ada' } }],
    });
    expect(after({ watchers: ['ada'] }, { watchers: ['ada', 'ada'], tags: [] }).events).toEqual([]);
  });

  it('a resolved ticket knows when, keeps it when it is closed, and forgets it when it goes on', () => {
    expect(after({ status: 'resolved' }).ticket.resolvedAt).toBe(NOW);
    expect(after({ status: 'resolved' }, { status: 'closed' }).ticket.resolvedAt).toBe(NOW);
    expect(after({ status: 'resolved' }, { status: 'open' }).ticket.resolvedAt).toBeNull();
    expect(after({ status: 'closed' }).ticket.resolvedAt).toBeNull();
  });

  it('a snoozed ticket wakes later than now; no other one has such a time', () => {
    expect(after({ status: 'snoozed', snoozedUntil: TOMORROW }).ticket.snoozedUntil).toBe(TOMORROW);
    expect(after({ status: 'snoozed', snoozedUntil: TOMORROW }, { status: 'open' }).ticket.snoozedUntil).toBeNull();
    expect(refusalOf({ status: 'snoozed' })).toBe('snoozedUntil');
    expect(refusalOf({ status: 'snoozed', snoozedUntil: NOW })).toBe('snoozedUntil');
    expect(refusalOf({ status: 'snoozed', snoozedUntil: '2037-01-01T00:00:00.000Z' })).toBe('snoozedUntil');
    expect(refusalOf({ snoozedUntil: TOMORROW })).toBe('snoozedUntil');
    expect(refusalOf({ status: 'open', snoozedUntil: TOMORROW })).toBe('snoozedUntil');
  });

  it('a note is an event and changes nothing else', () => {
    const note: AgentCommand = { type: 'add-note', idempotencyKey: 'n', by: 'ada', text: 'Call back', occurredAt: NOW };
    const before = ticketOf(opened);
    const decision = decideForAgent(note, before);
    expect(decision).toMatchObject({
      events: [{ type: 'note-added', version: 3, data: { text: 'Call back', by: 'ada' } }],
    });
    const events = 'events' in decision ? decision.events : [];
    expect(events.reduce<TicketState>(evolve, before)).toEqual({ ...before, version: 3, updatedAt: NOW });
  });
});

const name = fc.constantFrom('ada', 'bob', null);
const changes: fc.Arbitrary<TicketChanges> = fc.record(
  {
    status: fc.constantFrom(...TICKET_STATUSES.filter((status) => status !== 'new')),
    snoozedUntil: fc.constantFrom(TOMORROW, NOW),
    priority: fc.constantFrom(...PRIORITIES),
    assignee: name,
    team: name,
    tags: fc.array(fc.constantFrom('a', 'b', 'c')),
    watchers: fc.array(fc.constantFrom('ada', 'bob')),
  },
  { requiredKeys: [] },
);
/** A message comes once: dedupe sees to it. */
const steps = fc
  .array(fc.oneof(changes.map(change), fc.constant('message' as const)), { maxLength: 30 })
  .map((all) => all.map((step, index) => (step === 'message' ? message(index + 2) : step)));

describe('for any sequence of messages and wishes', () => {
  it('histories have no gaps, one ticket at most is active, a replay gives the live state, and every event is as published', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const histories = new Map<string, TicketEvent[]>();
        let current: TicketState = NO_TICKET;
        for (const step of all) {
          const events = eventsOf(step, current);
          for (const event of events) histories.set(event.ticketId, [...(histories.get(event.ticketId) ?? []), event]);
          const [first] = events;
          if (!first) continue;
          const live = events.reduce(follow, current);
          current = replay(histories.get(first.ticketId) ?? []);
          expect(current).toEqual(live);
        }
        const tickets = [...histories.values()].map(ticketOf);
        expect(tickets.filter(isActive).length).toBeLessThanOrEqual(1);
        for (const history of histories.values()) {
          expect(history.map(({ version }) => version)).toEqual(history.map((_, index) => index + 1));
          for (const event of history)
            expect(ticketEventSchema.parse(JSON.parse(JSON.stringify(event)))).toEqual(event);
        }
        for (const { status, snoozedUntil, resolvedAt, waitingSince } of tickets) {
          if (!['new', 'open', 'snoozed'].includes(status)) expect(waitingSince).toBeNull();
          expect((status === 'snoozed') === (snoozedUntil !== null)).toBe(true);
          if (isActive({ status })) expect(resolvedAt).toBeNull();
        }
      }),
    );
  });
});

function eventsOf(step: AgentCommand | RecordCustomerMessage, state: TicketState): readonly TicketEvent[] {
  if (step.type === 'record-customer-message') return decide(step, state);
  if (state.status === 'none') return [];
  const decision = decideForAgent(step, state);
  return 'refusal' in decision ? [] : decision.events;
}
