/** Times are right to the second, whatever comes in between, and in whatever order we see it. */
import fc from 'fast-check';
import { decideForTwo } from '../ticket/decide-for-two.js';
import type { Clock } from './clock.js';
import { measure } from './measure.js';
import type { SlaPolicy } from './sla-policy.js';
import { MINUTE, minute, promised, Story } from './story.spec.js';
import { followClocks, type TicketClocks } from './ticket-clocks.js';

const allOf = ({ ended, response, resolution }: TicketClocks): Clock[] =>
  [...ended.map(({ clock }) => clock), response, resolution].filter((clock) => clock !== null);
/** `first-response 10 met`: kind, minutes that count, and what it came to. */
const figures = (story: Story, { policy = promised(), now = 1000 }: { policy?: SlaPolicy; now?: number } = {}) => {
  const clocks = story.clocks();
  return allOf(clocks).map((clock) => {
    const { elapsedMs, state } = measure(clock, { policy, subject: clocks.subject, now: minute(now) });
    return `${clock.kind} ${elapsedMs / MINUTE} ${state}`;
  });
};

describe('the first answer', () => {
  it('is timed from what the customer wrote to what staff wrote, by their own clocks', () => {
    expect(figures(new Story().customer(0, 3).staff(7, 30), { now: 40 })).toEqual([
      'first-response 7 met',
      'resolution 7 paused',
    ]);
  });

  it('in the very second in which it is due is in time, a second later it is not', () => {
    expect(figures(new Story().customer(0).staff(10))[0]).toBe('first-response 10 met');
    expect(figures(new Story().customer(0).staff(10 + 1 / 60))[0]).toContain('breached');
  });

  it('is not moved by further questions, notes, assignments', () => {
    const story = new Story().customer(0).note(1).customer(2).agent(3, { assignee: 'ada' }).staff(9);
    expect(figures(story)[0]).toBe('first-response 9 met');
  });

  it('that was written before a further question, and seen after it, leaves that one to be answered', () => {
    const story = new Story().customer(0).customer(5).staff(4, 8);
    expect(figures(story, { now: 9 })).toEqual([
      'first-response 4 met',
      'next-response 4 running',
      'resolution 9 running',
    ]);
  });

  it('that was written before the question answers nothing', () => {
    expect(figures(new Story().customer(5).staff(4, 8), { now: 9 })[0]).toBe('first-response 4 running');
  });

  it('is still due when the ticket was ended without one and is reopened; the time between does not count', () => {
    const story = new Story().customer(0).agent(4, { status: 'resolved' }).customer(50).staff(53);
    expect(figures(story)[0]).toBe('first-response 7 met');
  });
});

describe('further answers', () => {
  it('are timed one by one, each from the first message after the last answer', () => {
    const story = new Story().customer(0).staff(1).customer(10).customer(12).staff(14).customer(20).staff(26);
    expect(figures(story).slice(0, -1)).toEqual([
      ...['first-response 1 met', 'next-response 4 met', 'next-response 6 breached'],
    ]);
  });

  it('after a reopening are further ones, not first ones', () => {
    const story = new Story().customer(0).staff(1).agent(2, { status: 'resolved' }).customer(100).staff(103);
    expect(figures(story)).toEqual(['first-response 1 met', 'next-response 3 met', 'resolution 4 paused']);
  });

  it('are not owed any more when the ticket ends', () => {
    const story = new Story().customer(0).staff(1).customer(10).agent(12, { status: 'resolved' });
    expect(figures(story)[1]).toBe('next-response 2 unanswered');
    const late = new Story().customer(0).staff(1).customer(10).agent(16, { status: 'resolved' });
    expect(figures(late)[1]).toBe('next-response 6 breached');
  });
});

describe('the resolution', () => {
  it('leaves out what waits for the customer, where the policy says so', () => {
    const story = new Story().customer(0).staff(10).customer(30).agent(45, { status: 'resolved' });
    expect(figures(story).at(-1)).toBe('resolution 25 met');
    expect(figures(story, { policy: promised({ pauseWhile: [] }) }).at(-1)).toBe('resolution 45 met');
  });

  it('goes on when the ticket is reopened, without the time in between', () => {
    const story = new Story().customer(0).agent(20, { status: 'resolved' }).customer(100);
    expect(figures(story, { now: 110 }).at(-1)).toBe('resolution 30 running');
    story.agent(130, { status: 'resolved' });
    expect(figures(story).at(-1)).toBe('resolution 50 met');
  });

  it('is not changed by the closing after it, nor by thanks', () => {
    const story = new Story().customer(0).agent(20, { status: 'resolved' }).agent(90, { status: 'closed' });
    expect(figures(story).at(-1)).toBe('resolution 20 met');
  });

  it('a snoozed ticket is for us to act on from the time that was said, also when nobody woke it then', () => {
    const snoozedUntil = new Date(minute(20)).toISOString();
    const story = new Story().customer(0).agent(5, { status: 'snoozed', snoozedUntil }).wake(90);
    const policy = promised({ pauseWhile: ['snoozed'] });
    expect(figures(story, { policy, now: 100 }).at(-1)).toBe('resolution 85 breached');
  });

  it('stands still while snoozed only where the policy says so', () => {
    const snoozedUntil = new Date(minute(600)).toISOString();
    const story = new Story().customer(0).agent(5, { status: 'snoozed', snoozedUntil }).agent(50, { status: 'open' });
    expect(figures(story, { now: 60 }).at(-1)).toBe('resolution 60 running');
    const policy = promised({ pauseWhile: ['pending', 'snoozed'] });
    expect(figures(story, { policy, now: 60 }).at(-1)).toBe('resolution 15 running');
  });
});

describe('a merged ticket', () => {
  const merged = () =>
    joined(new Story('t_source').customer(0), new Story('t_target').customer(10).staff(12).customer(20));
  const joined = (source: Story, target: Story) => {
    const command = { idempotencyKey: 'command:ada:m', by: 'ada', occurredAt: new Date(minute(25)).toISOString() };
    const decision = decideForTwo({ type: 'merge-tickets', ...command }, source.ticket(), target.ticket());
    if ('refusal' in decision) throw new Error(decision.refusal.detail);
    const of = (story: Story) => decision.events.filter(({ ticketId }) => ticketId === story.ticket().ticketId);
    return { source: source.add(of(source)), target: target.add(of(target)) };
  };

  it('goes on in the other one, which has waited since the first of both', () => {
    const { target } = merged();
    expect(figures(target, { now: 30 })).toEqual([
      'first-response 2 met',
      'next-response 30 breached',
      'resolution 22 running',
    ]);
    expect(figures(target.staff(40)).slice(0, -1)).toEqual(['first-response 2 met', 'next-response 40 breached']);
  });

  it('an answer between the two questions leaves the later one, and each has a name of its own', () => {
    const { target } = merged();
    target.staff(15, 30).staff(35);
    expect(figures(target).slice(0, -1)).toEqual([
      ...['first-response 2 met', 'next-response 15 breached', 'next-response 15 breached'],
    ]);
    const names = target.clocks().ended.map(({ clock }) => `${clock.kind} ${clock.startedBy}`);
    expect(new Set(names).size).toBe(names.length);
  });

  it('that had ended brings none of its time', () => {
    const source = new Story('t_source').customer(0).agent(5, { status: 'resolved' });
    const target = new Story('t_target').customer(500);
    expect(figures(joined(source, target).target, { now: 530 }).at(-1)).toBe('resolution 30 running');
  });

  it('has no figures of its own any more', () => {
    expect(figures(merged().source)).toEqual([]);
  });
});

describe('due times', () => {
  const dueOf = (story: Story, now: number, policy = promised()) => {
    const clocks = story.clocks();
    return allOf(clocks).map((clock) => {
      const { dueAt } = measure(clock, { policy, subject: clocks.subject, now: minute(now) });
      return dueAt === null ? null : (dueAt - minute(0)) / MINUTE;
    });
  };

  it('are known ahead', () => {
    expect(dueOf(new Story().customer(0), 1)).toEqual([10, 60]);
  });

  it('move by what did not count, and are unknown while it is for the customer', () => {
    const story = new Story().customer(0).staff(10);
    expect(dueOf(story, 20)).toEqual([null, null]);
    expect(dueOf(story.customer(30), 31)).toEqual([null, 35, 80]);
  });

  it('are those of the first target that fits, as the ticket is now', () => {
    const fast = { firstResponseMinutes: 1, nextResponseMinutes: null, resolutionMinutes: null };
    const slow = { ...fast, firstResponseMinutes: 30 };
    const policy = promised({
      targets: [{ ...fast, priority: 'urgent' }, { ...fast, tag: 'vip', firstResponseMinutes: 3 }, slow],
    });
    const story = new Story().customer(0);
    expect(dueOf(story, 0, policy)).toEqual([30, null]);
    expect(dueOf(story.agent(0, { tags: ['vip'] }), 0, policy)).toEqual([3, null]);
    expect(dueOf(story.agent(0, { priority: 'urgent' }), 0, policy)).toEqual([1, null]);
  });
});

describe('for all stories', () => {
  const happening = fc.record({
    what: fc.constantFrom('customer', 'staff', 'pending', 'open', 'resolved', 'closed', 'note'),
    gap: fc.integer({ min: 0, max: 30 }),
    delay: fc.integer({ min: 0, max: 60 }),
  });
  type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;
  const told = (happenings: readonly Happening[]) => {
    const story = new Story().customer(0);
    let at = 0;
    for (const { what, gap, delay } of happenings) {
      at += gap;
      if (what === 'customer') story.customer(at, at + delay);
      else if (what === 'staff') story.staff(at, at + delay);
      else if (what === 'note') story.note(at);
      else story.agent(at, { status: what });
    }
    return { story, end: at };
  };
  const stories = fc.array(happening, { maxLength: 25 });
  /** Events of one command come together. */
  const commandsOf = ({ events }: Story) => {
    const groups = new Map<string, typeof events>();
    for (const event of events) groups.set(event.idempotencyKey, [...(groups.get(event.idempotencyKey) ?? []), event]);
    return [...groups.values()];
  };

  it('clocks followed command by command are those of the whole history', () => {
    fc.assert(
      fc.property(stories, (happenings) => {
        const { story } = told(happenings);
        const step = commandsOf(story).reduce<TicketClocks | undefined>(followClocks, undefined);
        expect(step).toEqual(story.clocks());
      }),
    );
  });

  it('stretches follow each other without a gap, and nothing counts longer than it lasted', () => {
    fc.assert(
      fc.property(stories, (happenings) => {
        const { story, end } = told(happenings);
        const now = minute(end + 100);
        for (const clock of allOf(story.clocks())) {
          expect(clock.stretches[0]?.from).toBe(clock.startedAt);
          clock.stretches.slice(1).forEach(({ from }, index) => expect(from).toBe(clock.stretches[index]?.to));
          const { elapsedMs } = measure(clock, { policy: promised(), subject: story.clocks().subject, now });
          expect(elapsedMs).toBeGreaterThanOrEqual(0);
          expect(elapsedMs).toBeLessThanOrEqual((clock.end?.at ?? now) - clock.startedAt);
        }
      }),
    );
  });

  it('there is one first answer, one resolution, and no two answers are due at a time', () => {
    fc.assert(
      fc.property(stories, (happenings) => {
        const clocks = allOf(told(happenings).story.clocks());
        expect(clocks.filter(({ kind }) => kind === 'first-response')).toHaveLength(1);
        expect(clocks.filter(({ kind }) => kind === 'resolution')).toHaveLength(1);
        const starts = clocks.filter(({ kind }) => kind !== 'resolution').map(({ startedBy }) => startedBy);
        expect(new Set(starts).size).toBe(starts.length);
      }),
    );
  });
});
