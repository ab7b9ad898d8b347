import fc from 'fast-check';
import { growthPerSecond, waitingSince, withSample, type Sample, type Waiting } from './backlog.js';

const NOW = 1_790_000_000_000;

/** Looks in order of time, irregular as real ones. */
const looks = fc
  .array(fc.record({ after: fc.integer({ min: 1, max: 600_000 }), pending: fc.nat({ max: 100_000 }) }), {
    minLength: 2,
    maxLength: 40,
  })
  .map((steps) => {
    let at = NOW;
    return steps.map(({ after, pending }): Sample => ({ at: (at += after), pending }));
  });

describe('the growth of a backlog', () => {
  it('is unknown, hence 0, with one look', () => {
    expect(growthPerSecond([])).toBe(0);
    expect(growthPerSecond([{ at: NOW, pending: 99 }])).toBe(0);
  });

  it('is exact on a straight line, however irregular the looks', () => {
    fc.assert(
      fc.property(looks, fc.integer({ min: -50, max: 50 }), (samples, slope) => {
        const line = samples.map(({ at }) => ({ at, pending: 5_000_000 + (slope * (at - NOW)) / 1000 }));
        expect(growthPerSecond(line)).toBeCloseTo(slope, 4);
      }),
    );
  });

  it('depends neither on when it is nor on how many wait', () => {
    fc.assert(
      fc.property(looks, fc.nat({ max: 1e9 }), fc.nat({ max: 1e5 }), (samples, later, more) => {
        const moved = samples.map(({ at, pending }) => ({ at: at + later, pending: pending + more }));
        const growth = growthPerSecond(samples);
        expect(Math.abs(growthPerSecond(moved) - growth)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(growth)));
      }),
    );
  });

  it('has the sign of a backlog that only ever grows', () => {
    fc.assert(
      fc.property(looks, (samples) => {
        const rising = samples.map((sample, index) => ({ ...sample, pending: index * index + 1 }));
        expect(growthPerSecond(rising)).toBeGreaterThan(0);
      }),
    );
  });
});

describe('the looks that are kept', () => {
  it('end with the newest, go up in time, and reach back five minutes or three looks', () => {
    fc.assert(
      fc.property(looks, (all) => {
        const kept = all.reduce<readonly Sample[]>(withSample, []);
        const last = all.at(-1);
        expect(kept.at(-1)).toEqual(last);
        expect(kept).toEqual(all.slice(-kept.length));
        const young = all.filter(({ at }) => at >= (last?.at ?? 0) - 300_000).length;
        expect(kept).toHaveLength(Math.max(young, Math.min(3, all.length)));
      }),
    );
  });

  it('begin anew when the clock was set back, and hold one look of one moment', () => {
    const first = { at: NOW, pending: 1 };
    expect(withSample([first], { at: NOW - 1, pending: 2 })).toEqual([{ at: NOW - 1, pending: 2 }]);
    expect(withSample([first], { at: NOW, pending: 2 })).toEqual([{ at: NOW, pending: 2 }]);
  });
});

describe('since when updates wait', () => {
  const waiting: Waiting = { at: NOW, pending: 10, failing: false, inHand: 40, previousAt: NOW - 30_000 };

  it.each<[string, Partial<Waiting>, number | undefined]>([
    ['nothing waits', { pending: 0, failing: true }, undefined],
    ['all of it may be on its way', {}, undefined],
    ['deliveries fail: since the look before', { failing: true }, NOW - 30_000],
    ['more than can be on its way: since the look before', { pending: 41 }, NOW - 30_000],
    ['the first look finds a backlog: since now', { pending: 41, previousAt: undefined }, NOW],
  ])('%s', (_, traits, since) => {
    expect(waitingSince(undefined, { ...waiting, ...traits })).toBe(since);
  });

  it('stays what it was for as long as they wait', () => {
    expect(waitingSince(NOW - 7_000_000, { ...waiting, failing: true })).toBe(NOW - 7_000_000);
  });
});
