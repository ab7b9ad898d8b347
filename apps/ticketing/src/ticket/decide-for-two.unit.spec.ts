import { LINK_KINDS, ticketEventSchema } from '@onceline/contracts';
import fc from 'fast-check';
import { decide } from './decide.js';
import { decideForTwo, MOST_LINKS, type PairCommand } from './decide-for-two.js';
import type { TicketEvent } from './events.js';
import { evolve, replay } from './evolve.js';
import { message } from './fixtures.spec.js';
import { INVERSE } from './links.js';
import { NO_TICKET, type Ticket, type TicketState } from './state.js';

const asked = { idempotencyKey: 'command:ada:1', by: 'ada', occurredAt: '2026-01-01T12:00:00.000Z' };
const linking = (kind: (typeof LINK_KINDS)[number]): PairCommand => ({ type: 'link-tickets', kind, ...asked });
const unlinking: PairCommand = { type: 'unlink-tickets', ...asked };
const IDS = ['t_a', 't_b', 't_c'] as const;
const born = (id: string): TicketEvent[] => [
  ...decide(message({ newTicketId: id, conversation: `7:${id}` }), NO_TICKET),
];
const ticketOf = (events: readonly TicketEvent[]): Ticket => {
  const state = replay(events);
  if (state.status === 'none') throw new Error('no ticket');
  return state;
};
const [a, b] = [ticketOf(born('t_a')), ticketOf(born('t_b'))];
const eventsOf = (command: PairCommand, one: Ticket, other: Ticket) => {
  const decision = decideForTwo(command, one, other);
  if ('refusal' in decision) throw new Error(decision.refusal.detail);
  return decision.events;
};
const after = (ticket: Ticket, events: readonly TicketEvent[]): Ticket => {
  const state = events.filter(({ ticketId }) => ticketId === ticket.ticketId).reduce<TicketState>(evolve, ticket);
  if (state.status === 'none') throw new Error('no ticket');
  return state;
};

it('a link is an event in both tickets, each from its own side; a repeat is none', () => {
  const events = eventsOf(linking('blocks'), a, b);
  expect(events).toMatchObject([
    { ticketId: 't_a', version: 3, type: 'ticket-linked', data: { otherTicketId: 't_b', kind: 'blocks', by: 'ada' } },
    { ticketId: 't_b', version: 3, type: 'ticket-linked', data: { otherTicketId: 't_a', kind: 'blocked-by' } },
  ]);
  const [one, other] = [after(a, events), after(b, events)];
  expect(eventsOf(linking('blocks'), one, other)).toEqual([]);
  expect(eventsOf(linking('blocked-by'), other, one)).toEqual([]);
});

it('another kind takes the place of the first one', () => {
  const events = eventsOf(linking('blocks'), a, b);
  const [one, other] = [after(a, events), after(b, events)];
  const further = eventsOf(linking('duplicates'), one, other);
  expect(after(one, further).links).toEqual([{ ticketId: 't_b', kind: 'duplicates' }]);
  expect(after(other, further).links).toEqual([{ ticketId: 't_a', kind: 'duplicated-by' }]);
});

it('no ticket has a link to itself, and none has too many', () => {
  expect(decideForTwo(linking('blocks'), a, a)).toMatchObject({ refusal: { because: 'choice' } });
  const links = Array.from({ length: MOST_LINKS }, (_, n) => ({ ticketId: `t_${n}`, kind: 'blocks' }) as const);
  expect(decideForTwo(linking('blocks'), a, { ...b, links })).toMatchObject({ refusal: { about: 'other' } });
  expect(decideForTwo(linking('blocks'), { ...a, links }, b)).toMatchObject({ refusal: { about: 'ticket' } });
});

const steps = fc.array(
  fc.record({
    one: fc.constantFrom(...IDS),
    other: fc.constantFrom(...IDS),
    command: fc.oneof(fc.constantFrom(...LINK_KINDS).map(linking), fc.constant(unlinking)),
  }),
  { maxLength: 30 },
);

it('after any wishes: both sides say the same, histories have no gaps, and a replay gives the live state', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const histories = new Map<string, TicketEvent[]>(IDS.map((id) => [id, born(id)]));
      const historyOf = (id: string) => histories.get(id) ?? [];
      for (const { one, other, command } of all) {
        const decision = decideForTwo(command, ticketOf(historyOf(one)), ticketOf(historyOf(other)));
        if ('refusal' in decision) continue;
        for (const event of decision.events) {
          expect(ticketEventSchema.parse(JSON.parse(JSON.stringify(event)))).toEqual(event);
          historyOf(event.ticketId).push(event);
        }
        expect(decision.events.length === 0 || decision.events.length === 2).toBe(true);
      }
      for (const history of histories.values()) {
        expect(history.map(({ version }) => version)).toEqual(history.map((_, index) => index + 1));
        const { ticketId, links } = ticketOf(history);
        for (const { ticketId: other, kind } of links) {
          expect(ticketOf(historyOf(other)).links).toContainEqual({ ticketId, kind: INVERSE[kind] });
        }
        expect(new Set(links.map((link) => link.ticketId)).size).toBe(links.length);
      }
    }),
  );
});
