import { TICKET_STATUSES, ticketEventSchema } from '@onceline/contracts';
import fc from 'fast-check';
import { decide } from './decide.js';
import { decideForAgent } from './decide-for-agent.js';
import { decideForTwo, type PairCommand } from './decide-for-two.js';
import type { TicketEvent } from './events.js';
import { evolve, evolveTicket, replay } from './evolve.js';
import { message } from './fixtures.spec.js';
import { MOST_MERGED } from './merge.js';
import { isActive, NO_TICKET, type Ticket, type TicketState } from './state.js';

const NOON = '2026-01-01T12:00:00.000Z';
const TOMORROW = '2026-01-02T12:00:00.000Z';
const asked = { idempotencyKey: 'command:ada:1', by: 'ada', occurredAt: NOON };
const MERGE: PairCommand = { type: 'merge-tickets', ...asked };
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 10, minute)).toISOString();

/** Opened by its customer at these minutes. */
function written(id: string, minutes: readonly number[]): Ticket {
  let state: TicketState = NO_TICKET;
  for (const [index, minute] of minutes.entries()) {
    const ids = { newTicketId: id, conversation: `7:${id}`, chatId: id, messageId: index };
    state = decide(message({ ...ids, sentAt: at(minute) }), state).reduce(evolve, state);
  }
  if (state.status === 'none') throw new Error('no ticket');
  return state;
}
function withStatus(ticket: Ticket, status: Exclude<Ticket['status'], 'new'>): Ticket {
  const changes = { status, ...(status === 'snoozed' ? { snoozedUntil: TOMORROW } : {}) };
  const decision = decideForAgent({ type: 'change-ticket', ...asked, changes }, ticket);
  if ('refusal' in decision) throw new Error(decision.refusal.detail);
  return decision.events.reduce(evolveTicket, ticket);
}
function merged(source: Ticket, target: Ticket) {
  const decision = decideForTwo(MERGE, source, target);
  if ('refusal' in decision) throw new Error(decision.refusal.detail);
  const { events } = decision;
  const after = (ticket: Ticket) =>
    events.filter(({ ticketId }) => ticketId === ticket.ticketId).reduce(evolveTicket, ticket);
  return { events, source: after(source), target: after(target) };
}
const refusalOf = (source: Ticket, target: Ticket) => {
  const decision = decideForTwo(MERGE, source, target);
  return 'refusal' in decision ? `${decision.refusal.about} ${decision.refusal.because}` : undefined;
};
const [s, t] = [written('t_s', [5, 20]), written('t_t', [10])];

it('the source is closed and names the target; the target gets the times of both', () => {
  const { events, source, target } = merged(s, t);
  expect(events.map(({ ticketId, type }) => `${ticketId} ${type}`)).toEqual([
    ...['t_s ticket-merged', 't_s ticket-status-changed', 't_t ticket-merge-received'],
  ]);
  expect(source).toMatchObject({ status: 'closed', mergedInto: 't_t', waitingSince: null, version: s.version + 2 });
  expect(target).toMatchObject({
    ...{ status: 'new', mergedFrom: ['t_s'], messageCount: 1 },
    ...{ askedAt: at(5), waitingSince: at(5), customerWroteAt: at(20) },
  });
  expect(events.at(-1)?.data).toMatchObject({ fromTicketId: 't_s', messageCount: 2, by: 'ada' });
});

it('a repeat changes nothing, and what is merged stays so', () => {
  const { source, target } = merged(s, t);
  expect(merged(source, target).events).toEqual([]);
  const reopen = { type: 'change-ticket', ...asked, changes: { status: 'open' } } as const;
  expect(decideForAgent(reopen, source)).toMatchObject({ refusal: { field: 'status' } });
  const tag = { type: 'change-ticket', ...asked, changes: { tags: ['a'] } } as const;
  expect(decideForAgent(tag, source)).toMatchObject({ events: [{ type: 'ticket-tags-changed' }] });
});

it('there are no circles and no chains, and nothing goes to another bot or to what has ended', () => {
  const { source, target } = merged(s, t);
  const other = written('t_u', [1]);
  expect(refusalOf(s, s)).toBe('other choice');
  expect(refusalOf(target, source)).toBe('ticket state');
  expect(refusalOf(target, other)).toBe('ticket state');
  expect(refusalOf(source, other)).toBe('ticket state');
  expect(refusalOf(other, source)).toBe('other state');
  expect(refusalOf(other, target)).toBeUndefined();
  expect(refusalOf(other, { ...t, botId: '8' })).toBe('other choice');
  expect(refusalOf(other, withStatus(t, 'resolved'))).toBe('other state');
  const mergedFrom = Array.from({ length: MOST_MERGED }, (_, n) => `t_${n}`);
  expect(refusalOf(other, { ...t, mergedFrom })).toBe('other state');
});

it('a target that nobody had to act on opens when somebody waits in the source', () => {
  expect(merged(s, withStatus(t, 'pending')).target).toMatchObject({ status: 'open', waitingSince: at(5) });
  expect(merged(s, withStatus(t, 'snoozed')).target).toMatchObject({ status: 'open', snoozedUntil: null });
  expect(merged(withStatus(s, 'snoozed'), withStatus(t, 'snoozed')).target.status).toBe('snoozed');
  expect(merged(withStatus(s, 'pending'), withStatus(t, 'pending')).target).toMatchObject({
    ...{ status: 'pending', waitingSince: null },
  });
  expect(merged(withStatus(s, 'resolved'), withStatus(t, 'pending')).target.status).toBe('pending');
});

const minutes = fc.array(fc.integer({ min: 0, max: 59 }), { minLength: 1, maxLength: 5 });
const status = fc.constantFrom(...TICKET_STATUSES);
const ticket = (id: string) =>
  fc
    .tuple(minutes, status)
    .map(([all, wanted]) => (wanted === 'new' ? written(id, all) : withStatus(written(id, all), wanted)));

it('for any two tickets: the times are those of the merged stream, the target stays active, and a replay gives the live state', () => {
  fc.assert(
    fc.property(ticket('t_s'), ticket('t_t'), (source, target) => {
      const decision = decideForTwo(MERGE, source, target);
      expect('refusal' in decision).toBe(!isActive(target));
      if ('refusal' in decision) return;
      const after = merged(source, target);
      for (const event of after.events) {
        expect(ticketEventSchema.parse(JSON.parse(JSON.stringify(event)))).toEqual(event);
      }
      const least = (...times: (string | null)[]) => times.flatMap((time) => time ?? []).sort()[0] ?? null;
      expect(after.target.askedAt).toBe(least(source.askedAt, target.askedAt));
      expect(after.target.waitingSince).toBe(least(source.waitingSince, target.waitingSince));
      expect(after.target.customerWroteAt).toBe(
        [source.customerWroteAt ?? '', target.customerWroteAt ?? ''].sort().at(-1),
      );
      expect(isActive(after.target)).toBe(true);
      expect(after.source).toMatchObject({ status: 'closed', waitingSince: null, snoozedUntil: null });
    }),
  );
});

it('evolve takes the events in any state and any order', () => {
  const { events } = merged(s, withStatus(t, 'pending'));
  const opened = decide(message(), NO_TICKET);
  fc.assert(
    fc.property(fc.array(fc.constantFrom<TicketEvent>(...events, ...opened)), (all) => {
      expect(() => replay(all)).not.toThrow();
    }),
  );
});
