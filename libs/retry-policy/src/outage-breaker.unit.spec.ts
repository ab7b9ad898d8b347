import fc from 'fast-check';
import { OutageBreaker } from './outage-breaker.js';

const bounds = { firstMs: 1000, longestMs: 30_000 };

it('the rest is between one second and half a minute, whatever the dice say and however often it failed', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 60 }), (dice) => {
      let index = 0;
      const breaker = new OutageBreaker({ ...bounds, random: () => dice[index++] ?? 0.5 });
      for (let failures = 0; failures < 60; failures += 1) {
        const ms = breaker.failed('away', 0);
        expect(ms).toBeGreaterThanOrEqual(1000);
        expect(ms).toBeLessThanOrEqual(Math.min(30_000, 1000 * 2 ** (failures + 1)));
      }
    }),
  );
});

it('is open until its time, then half-open for a probe, and starts small again after an answer', () => {
  const breaker = new OutageBreaker({ ...bounds, random: () => 0.999 });
  expect([breaker.state(0), breaker.reason(), breaker.restMs(0)]).toEqual(['closed', undefined, 0]);
  for (let failures = 0; failures < 5; failures += 1) breaker.failed('away', 0);
  const restMs = breaker.failed('away', 100);
  expect(restMs).toBeGreaterThan(29_000);
  expect([breaker.state(100), breaker.restMs(100), breaker.restMs(99 + restMs)]).toEqual(['open', restMs, 1]);
  expect([breaker.state(100 + restMs), breaker.restMs(100 + restMs), breaker.reason()]).toEqual([
    'half-open',
    0,
    'away',
  ]);
  breaker.answered();
  expect(breaker.state(0)).toBe('closed');
  expect(breaker.failed('away', 0)).toBeLessThanOrEqual(2000);
});
