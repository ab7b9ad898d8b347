import fc from 'fast-check';
import { DatabasePause } from './database-pause.js';

describe('the pause', () => {
  it('is between one second and half a minute, whatever the dice say and however often it failed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 60 }),
        (dice) => {
          let index = 0;
          const pause = new DatabasePause(() => dice[index++] ?? 0.5);
          for (let failures = 0; failures < 60; failures += 1) {
            const ms = pause.begin('away');
            expect(ms).toBeGreaterThanOrEqual(1000);
            expect(ms).toBeLessThanOrEqual(Math.min(30_000, 1000 * 2 ** (failures + 1)));
          }
        },
      ),
    );
  });

  it('has a reason until it ends, and starts small again', () => {
    const pause = new DatabasePause(() => 0.999);
    expect(pause.reason()).toBeUndefined();
    for (let failures = 0; failures < 5; failures += 1) pause.begin('database unavailable');
    expect(pause.reason()).toBe('database unavailable');
    expect(pause.begin('database unavailable')).toBeGreaterThan(29_000);
    pause.end();
    expect(pause.reason()).toBeUndefined();
    expect(pause.begin('again')).toBeLessThanOrEqual(2000);
  });
});
