/** Warnings and breaches are told once each, at their time or as soon as somebody is there to tell them. */
import fc from 'fast-check';
import { decideFiring, slaTimes } from './decide-firing.js';
import type { SlaPolicy } from './sla-policy.js';
import { MINUTE, minute, promised, Story } from './story.spec.js';

const fire = (story: Story, at: number, versions: readonly SlaPolicy[] = [promised()]) =>
  decideFiring(story.ticket(), story.clocks(), { versions, now: minute(at) });
const told = (story: Story, at: number, versions?: readonly SlaPolicy[]) => {
  const events = fire(story, at, versions);
  story.add(events);
  return events.map(({ type, data }) => `${type} ${String(data['clock'])}`);
};
const nextAt = (story: Story, at: number) => {
  const times = slaTimes(story.clocks(), { versions: [promised()], now: minute(at) });
  return times.nextAt === null ? null : (times.nextAt - minute(0)) / MINUTE;
};

it('warns once most of the time is used up, and tells the breach once all of it is', () => {
  const story = new Story().customer(0);
  expect(nextAt(story, 0)).toBe(8);
  expect(told(story, 7.9)).toEqual([]);
  expect(told(story, 8)).toEqual(['sla-warned first-response']);
  expect(told(story, 9)).toEqual([]);
  expect(nextAt(story, 9)).toBeCloseTo(10, 3);
  expect(told(story, 10)).toEqual([]);
  expect(told(story, 10.1)).toEqual(['sla-breached first-response']);
  expect(told(story, 47)).toEqual([]);
  expect(told(story, 49)).toEqual(['sla-warned resolution']);
  expect(told(story, 61)).toEqual(['sla-breached resolution']);
  expect(told(story, 10_000)).toEqual([]);
  expect(nextAt(story, 10_000)).toBeNull();
});

it('after an outage tells the breach alone, with the time at which it was due', () => {
  const story = new Story().customer(0);
  const events = fire(story, 30);
  expect(events).toMatchObject([
    {
      type: 'sla-breached',
      occurredAt: new Date(minute(30)).toISOString(),
      data: { clock: 'first-response', startedBy: 2, dueAt: new Date(minute(10)).toISOString(), targetSeconds: 600 },
    },
  ]);
});

it('what was answered in time, though nobody looked, is no breach; what was not is told afterwards', () => {
  const inTime = new Story().customer(0).staff(9, 20);
  expect(told(inTime, 21)).toEqual([]);
  const late = new Story().customer(0).agent(70, { status: 'resolved' });
  expect(told(late, 71)).toEqual(['sla-breached resolution', 'sla-breached first-response'].sort());
});

it('a target that is used up at closing time is breached at the next opening, not over night', () => {
  const day = [{ from: '09:00', to: '17:00' }];
  const week = { monday: day, tuesday: day, wednesday: day, thursday: day, friday: day };
  const businessHours = { timeZone: 'UTC', week, holidays: [] };
  const targets = [{ firstResponseMinutes: 300, nextResponseMinutes: null, resolutionMinutes: null }];
  const office = [promised({ businessHours, targets, warnAtPercent: 99 })];
  const story = new Story().customer(0);
  expect(told(story, 299, office)).toEqual(['sla-warned first-response']);
  expect(told(story, 301, office)).toEqual([]);
  expect(told(story, 20 * 60, office)).toEqual([]);
  expect(told(story, 21 * 60 + 1, office)).toEqual(['sla-breached first-response']);
});

it('of a clock that is over the priority counts that the ticket had then', () => {
  const targets = [
    { priority: 'urgent' as const, firstResponseMinutes: 10, nextResponseMinutes: null, resolutionMinutes: 20 },
    { firstResponseMinutes: 500, nextResponseMinutes: null, resolutionMinutes: 500 },
  ];
  const versions = [promised({ targets, pauseWhile: [] })];
  const story = new Story().customer(0).staff(2).agent(30, { status: 'resolved' }).agent(31, { priority: 'urgent' });
  expect(told(story, 40, versions)).toEqual([]);
});

it('nothing is told while the ticket waits for the customer', () => {
  const story = new Story().customer(0).staff(5);
  expect(nextAt(story, 6)).toBeNull();
  expect(told(story, 5000)).toEqual([]);
});

it('nobody is told anything where nothing was promised', () => {
  expect(told(new Story().customer(0), 5000, [])).toEqual([]);
});

it('for all stories: nothing is told twice, whenever somebody looks', () => {
  const happening = fc.record({
    what: fc.constantFrom('customer', 'staff', 'pending', 'resolved', 'look', 'look'),
    gap: fc.integer({ min: 0, max: 40 }),
  });
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 30 }), (happenings) => {
      const story = new Story().customer(0);
      let at = 0;
      for (const { what, gap } of happenings) {
        at += gap;
        if (what === 'customer') story.customer(at);
        else if (what === 'staff') story.staff(at);
        else if (what === 'look') story.add(fire(story, at));
        else story.agent(at, { status: what });
      }
      story.add(fire(story, at));
      expect(fire(story, at)).toEqual([]);
      const all = story.events.flatMap(({ type, data }) =>
        type === 'sla-warned' || type === 'sla-breached' ? [`${type} ${data.clock} ${data.startedBy}`] : [],
      );
      expect(new Set(all).size).toBe(all.length);
    }),
  );
});
