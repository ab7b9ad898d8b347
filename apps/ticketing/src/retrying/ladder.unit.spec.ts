import fc from 'fast-check';
import { hopOn, totalMs, type Ladder } from './ladder.js';

const ladders = fc.record({
  rungsMs: fc.array(fc.integer({ min: 1, max: 3_600_000 }), { minLength: 1, maxLength: 6 }),
  tries: fc.integer({ min: 1, max: 20 }),
  jitter: fc.double({ min: 0, max: 0.5, noNaN: true }),
  maxAgeMs: fc.integer({ min: 1, max: 100 * 3_600_000 }),
});
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

/** Follows an update that always fails, tried exactly when it is due. */
function climb(ladder: Ladder, random: () => number): { waits: number[]; rungs: number[] } {
  const waits: number[] = [];
  const rungs: number[] = [];
  let now = 1_000;
  for (let tries = 1; ; tries += 1) {
    const hop = hopOn(ladder, tries, { firstFailedAt: 1_000, now, random: random() });
    if (hop.type === 'dead-letter') return { waits, rungs };
    waits.push(hop.dueAt - now);
    rungs.push(hop.delayMs);
    now = hop.dueAt;
  }
}

it('ends, with no more tries than allowed, never early, jitter within its bounds, and within its age', () => {
  fc.assert(
    fc.property(ladders, fc.array(chance, { minLength: 20, maxLength: 20 }), (ladder, dice) => {
      let index = 0;
      const { waits, rungs } = climb(ladder, () => dice[index++ % dice.length] ?? 0);
      expect(waits.length).toBeLessThan(ladder.tries);
      waits.forEach((wait, at) => {
        const rung = ladder.rungsMs[Math.min(at, ladder.rungsMs.length - 1)] ?? 0;
        expect(rungs[at]).toBe(rung);
        expect(wait).toBeGreaterThanOrEqual(rung);
        expect(wait).toBeLessThanOrEqual(rung * (1 + ladder.jitter));
      });
      const sum = waits.reduce((total, wait) => total + wait, 0);
      expect(sum).toBeLessThanOrEqual(Math.min(ladder.maxAgeMs, totalMs(ladder)));
    }),
  );
});

it('uses all its tries where age allows, and the last rung repeats', () => {
  const ladder = { rungsMs: [5, 30], tries: 6, jitter: 0.1, maxAgeMs: 1_000_000 };
  expect(climb(ladder, () => 0).waits).toEqual([5, 30, 30, 30, 30]);
});
