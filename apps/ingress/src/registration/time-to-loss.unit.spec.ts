import fc from 'fast-check';
import {
  LIMITS,
  LONGEST_SECONDS,
  MOST_BYTES,
  MOST_PENDING,
  nearestLimit,
  timeToLoss,
  type Backlog,
} from './time-to-loss.js';

const backlogs = fc.record<Backlog>({
  pending: fc.integer({ min: 0, max: 2 * MOST_PENDING }),
  growthPerSecond: fc.double({ min: -10_000, max: 10_000, noNaN: true }),
  bytesPerUpdate: fc.double({ min: 1, max: 524_288, noNaN: true }),
  oldestSeconds: fc.double({ min: 0, max: 2 * LONGEST_SECONDS, noNaN: true }),
});
const worse = fc.record({
  pending: fc.nat({ max: MOST_PENDING }),
  growthPerSecond: fc.double({ min: 0, max: 1_000, noNaN: true }),
  bytesPerUpdate: fc.double({ min: 0, max: 100_000, noNaN: true }),
  oldestSeconds: fc.double({ min: 0, max: LONGEST_SECONDS, noNaN: true }),
});

const calm: Backlog = { pending: 0, growthPerSecond: 0, bytesPerUpdate: 1_000, oldestSeconds: 0 };

describe('time to loss', () => {
  it('is 24 h when nothing waits: so long lives what comes now', () => {
    expect(timeToLoss(calm)).toEqual({ count: 86_400, bytes: 86_400, age: 86_400 });
  });

  it('is about 55 minutes at 30 updates a second, as short ones are counted', () => {
    const times = timeToLoss({ ...calm, growthPerSecond: 30 });
    expect(times.count / 60).toBeCloseTo(55.6, 1);
    expect(nearestLimit(times)).toBe('count');
  });

  it('is ruled by bytes when updates are long', () => {
    const times = timeToLoss({ ...calm, growthPerSecond: 30, bytesPerUpdate: 4_096 });
    expect(times.bytes).toBeCloseTo(MOST_BYTES / 4_096 / 30);
    expect(nearestLimit(times)).toBe('bytes');
  });

  it('is ruled by age when little waits for long', () => {
    const times = timeToLoss({ ...calm, pending: 1, oldestSeconds: 80_000 });
    expect([times.age, nearestLimit(times)]).toEqual([6_400, 'age']);
  });

  it('is 0 when Telegram is full, though nothing grows any more', () => {
    expect(timeToLoss({ ...calm, pending: MOST_PENDING }).count).toBe(0);
    expect(timeToLoss({ ...calm, pending: 40_000, bytesPerUpdate: 4_096 }).bytes).toBe(0);
  });

  it('lies between nothing and a day, and the nearest limit is the smallest', () => {
    fc.assert(
      fc.property(backlogs, (backlog) => {
        const times = timeToLoss(backlog);
        for (const limit of LIMITS) {
          expect(times[limit]).toBeGreaterThanOrEqual(0);
          expect(times[limit]).toBeLessThanOrEqual(LONGEST_SECONDS);
        }
        expect(times[nearestLimit(times)]).toBe(Math.min(...Object.values(times)));
      }),
    );
  });

  it('never gets longer when more waits, it grows faster, updates are longer or older', () => {
    fc.assert(
      fc.property(backlogs, worse, (backlog, more) => {
        const before = timeToLoss(backlog);
        for (const trait of Object.keys(more) as (keyof Backlog)[]) {
          const after = timeToLoss({ ...backlog, [trait]: backlog[trait] + more[trait] });
          for (const limit of LIMITS) expect(after[limit]).toBeLessThanOrEqual(before[limit] * (1 + 1e-9));
        }
      }),
    );
  });

  it('comes true: after that many seconds of the same growth the limit is reached, and not before', () => {
    fc.assert(
      fc.property(backlogs, (backlog) => {
        const { count } = timeToLoss(backlog);
        if (count === 0 || count === LONGEST_SECONDS) return;
        const then = backlog.pending + backlog.growthPerSecond * count;
        expect(then).toBeCloseTo(MOST_PENDING, 3);
      }),
    );
  });
});
