import { ticketEventSchema } from '@onceline/contracts';
import fc from 'fast-check';
import { ASSIGNMENT_MODES, assignTickets, type AssignableAgent } from './assign-tickets.js';
import { decide } from './decide.js';
import { decideAssignment } from './decide-assignment.js';
import { evolveTicket, replay } from './evolve.js';
import { message } from './fixtures.spec.js';
import { NO_TICKET, type Ticket } from './state.js';

const agent = (name: string, changes: Partial<AssignableAgent> = {}): AssignableAgent => ({
  ...{ name, team: null, capacity: 10, isAway: false, load: 0 },
  ...changes,
});
const tickets = (count: number, team: string | null = null) =>
  Array.from({ length: count }, (_, index) => ({ ticketId: `t_${index}`, team }));
const agentsOf = (round: Parameters<typeof assignTickets>[0]) =>
  assignTickets(round).assignments.map(({ agent: name }) => name);

it('in turns: after the last one by name, also when he has gone, without who is away or full', () => {
  const agents = [agent('kim'), agent('ada'), agent('bob', { isAway: true }), agent('eve', { capacity: 1 })];
  const round = { mode: 'round-robin', agents, tickets: tickets(5) } as const;
  expect(agentsOf({ ...round, last: null })).toEqual(['ada', 'eve', 'kim', 'ada', 'kim']);
  expect(agentsOf({ ...round, last: 'bob' })).toEqual(['eve', 'kim', 'ada', 'kim', 'ada']);
  expect(assignTickets({ ...round, tickets: tickets(2), last: 'ada' }).last).toBe('kim');
  expect(assignTickets({ ...round, tickets: [], last: 'ada' }).last).toBe('ada');
});

it('to the least loaded, the first by name among equals', () => {
  const agents = [agent('ada', { load: 2 }), agent('bob', { load: 1 }), agent('eve', { load: 0, capacity: 1 })];
  const round = { mode: 'least-loaded', agents, tickets: tickets(4), last: null } as const;
  expect(agentsOf(round)).toEqual(['eve', 'bob', 'ada', 'bob']);
});

it('a ticket of a team waits for an agent of it, and holds up no other', () => {
  const agents = [agent('ada', { team: 'refunds', capacity: 1 }), agent('bob')];
  const all = [...tickets(2, 'refunds'), { ticketId: 't_any', team: null }];
  expect(assignTickets({ mode: 'round-robin', agents, tickets: all, last: null }).assignments).toEqual([
    { ticketId: 't_0', agent: 'ada' },
    { ticketId: 't_any', agent: 'bob' },
  ]);
});

const team = fc.constantFrom(null, 'a', 'b');
const anyAgents = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('ada', 'bob', 'eve', 'kim', 'mia'),
    team,
    capacity: fc.nat({ max: 5 }),
    isAway: fc.boolean(),
    load: fc.nat({ max: 6 }),
  }),
  { selector: ({ name }) => name },
);
const anyRound = fc.record({
  mode: fc.constantFrom(...ASSIGNMENT_MODES),
  agents: anyAgents,
  tickets: fc.array(team, { maxLength: 20 }).map((all) => all.map((of, n) => ({ ticketId: `t_${n}`, team: of }))),
  last: fc.constantFrom(null, 'ada', 'eve', 'zoe'),
});

it('for any round: each ticket once and in order, nobody above his capacity, away or of another team, and none waits whom somebody could take', () => {
  fc.assert(
    fc.property(anyRound, (round) => {
      const { assignments } = assignTickets(round);
      const ids = assignments.map(({ ticketId }) => ticketId);
      expect(ids).toEqual(round.tickets.map(({ ticketId }) => ticketId).filter((id) => ids.includes(id)));
      expect(new Set(ids).size).toBe(ids.length);
      const loads = new Map<string, number>(round.agents.map(({ name, load }) => [name, load]));
      for (const { ticketId, agent: name } of assignments) {
        const who = round.agents.find((one) => one.name === name);
        const of = round.tickets.find((one) => one.ticketId === ticketId)?.team ?? null;
        expect(who?.isAway).toBe(false);
        if (of !== null) expect(who?.team).toBe(of);
        loads.set(name, (loads.get(name) ?? 0) + 1);
        expect(loads.get(name)).toBeLessThanOrEqual(who?.capacity ?? 0);
      }
      for (const left of round.tickets.filter(({ ticketId }) => !ids.includes(ticketId))) {
        const able = round.agents.filter((one) => !one.isAway && (left.team === null || one.team === left.team));
        for (const { name, capacity } of able) expect(loads.get(name)).toBeGreaterThanOrEqual(capacity);
      }
    }),
  );
});

it('in turns nobody gets more than one above another, over any number of rounds', () => {
  const rounds = fc.array(fc.nat({ max: 7 }), { maxLength: 10 });
  const names = fc.uniqueArray(fc.constantFrom('ada', 'bob', 'eve', 'kim'), { minLength: 1 });
  fc.assert(
    fc.property(names, rounds, (all, counts) => {
      const got = new Map<string, number>(all.map((name) => [name, 0]));
      let last: string | null = null;
      for (const count of counts) {
        const agents = all.map((name) => agent(name, { capacity: 1000 }));
        const round = assignTickets({ mode: 'round-robin', agents, tickets: tickets(count), last });
        for (const { agent: name } of round.assignments) got.set(name, (got.get(name) ?? 0) + 1);
        last = round.last;
      }
      expect(Math.max(...got.values()) - Math.min(...got.values())).toBeLessThanOrEqual(1);
    }),
  );
});

describe('the ticket', () => {
  const fresh = replay(decide(message(), NO_TICKET)) as Ticket;
  const rule = { agent: 'ada', mode: 'round-robin', occurredAt: '2026-01-01T12:00:00.000Z' } as const;

  it('is his, and new no longer; the events say which rule it was', () => {
    const events = decideAssignment(rule, fresh);
    expect(events).toMatchObject([
      { type: 'ticket-assigned', data: { assignee: 'ada', by: null, reason: 'round-robin' } },
      { type: 'ticket-status-changed', data: { to: 'open', reason: 'assignment', by: null } },
    ]);
    expect(events.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['timer:assign:t_1.2', 'timer:assign:t_1.2']);
    for (const event of events) expect(ticketEventSchema.parse(JSON.parse(JSON.stringify(event)))).toEqual(event);
    expect(events.reduce(evolveTicket, fresh)).toMatchObject({ assignee: 'ada', status: 'open' });
  });

  it('stays as it is when somebody has it, or nobody has to act on it', () => {
    expect(decideAssignment(rule, { ...fresh, assignee: 'bob' })).toEqual([]);
    for (const status of ['pending', 'snoozed', 'resolved', 'closed'] as const) {
      expect(decideAssignment(rule, { ...fresh, status })).toEqual([]);
    }
  });
});
