import fc from 'fast-check';
import { longestLifeMs, type Ladder } from './ladder.js';
import { nextHop, type FailedTry } from './next-hop.js';

const ladders = fc.record({
  rungsMs: fc.array(fc.integer({ min: 1, max: 3_600_000 }), { minLength: 1, maxLength: 6 }),
  tries: fc.integer({ min: 1, max: 20 }),
  jitter: fc.double({ min: 0, max: 0.5, noNaN: true }),
  maxAgeMs: fc.integer({ min: 1, max: 100 * 3_600_000 }),
});
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const FIRST_FAILED_AT = 1_000;

const failed = (changes: Partial<FailedTry> = {}) => ({
  consumer: 'ticketing',
  attempt: 1,
  firstFailedAt: FIRST_FAILED_AT,
  now: FIRST_FAILED_AT,
  random: 0,
  ...changes,
  failure: { kind: 'transient' as const },
});

interface Life {
  readonly waits: readonly number[];
  readonly dueTimes: readonly number[];
  readonly topics: readonly string[];
  readonly end: string;
}

/** Follows a record that always fails, tried so late after it was due. */
function climb(ladder: Ladder, random: () => number, lateMs: () => number = () => 0): Life {
  const life = { waits: [] as number[], dueTimes: [] as number[], topics: [] as string[] };
  let now = FIRST_FAILED_AT;
  for (let attempt = 1; ; attempt += 1) {
    const hop = nextHop(ladder, failed({ attempt, now, random: random() }));
    if (hop.type === 'dead-letter') return { ...life, end: hop.reason };
    expect(hop.attempt).toBe(attempt);
    life.waits.push(hop.dueAt - now);
    life.dueTimes.push(hop.dueAt);
    life.topics.push(hop.topic);
    now = hop.dueAt + lateMs();
  }
}

/** Thrown again and again in turn. */
function thrown<Value>(values: readonly Value[], otherwise: Value): () => Value {
  let index = 0;
  return () => values[index++ % values.length] ?? otherwise;
}

describe('a record that always fails', () => {
  const dice = fc.array(chance, { minLength: 20, maxLength: 20 });

  it('ends, with no more tries than allowed, never early, jitter within its bounds', () => {
    fc.assert(
      fc.property(ladders, dice, (ladder, faces) => {
        const { waits } = climb(ladder, thrown(faces, 0));
        expect(waits.length).toBeLessThan(ladder.tries);
        waits.forEach((wait, at) => {
          const rung = ladder.rungsMs[Math.min(at, ladder.rungsMs.length - 1)] ?? 0;
          expect(wait).toBeGreaterThanOrEqual(rung);
          expect(wait).toBeLessThanOrEqual(rung * (1 + ladder.jitter));
        });
      }),
    );
  });

  it('is never planned beyond its age, however late it comes back; it ends for one of two reasons, and says which', () => {
    const lateness = fc.array(fc.integer({ min: 0, max: 7_200_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(ladders, dice, lateness, (ladder, faces, late) => {
        const { dueTimes, end } = climb(ladder, thrown(faces, 0), thrown(late, 0));
        for (const dueAt of dueTimes) expect(dueAt - FIRST_FAILED_AT).toBeLessThanOrEqual(ladder.maxAgeMs);
        expect(end).toBe(dueTimes.length === ladder.tries - 1 ? 'no-tries-left' : 'too-old');
      }),
    );
  });

  it('lives no longer than its ladder says, however late its tries come', () => {
    const lateness = fc.array(fc.integer({ min: 0, max: 100 * 3_600_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(ladders, dice, lateness, (ladder, faces, late) => {
        const { dueTimes } = climb(ladder, thrown(faces, 0), thrown(late, 0));
        const life = (dueTimes.at(-1) ?? FIRST_FAILED_AT) - FIRST_FAILED_AT;
        expect(life).toBeLessThanOrEqual(longestLifeMs(ladder));
      }),
      { numRuns: 1000 },
    );
  });

  it('lives as long as that when its second try comes as late as it can', () => {
    fc.assert(
      fc.property(ladders, (ladder) => {
        const [first = 0, second = first] = ladder.rungsMs;
        fc.pre(ladder.tries > 1 && first + second <= ladder.maxAgeMs);
        const { dueTimes } = climb(ladder, () => 0, thrown([ladder.maxAgeMs - first - second], 0));
        const reached = (dueTimes.at(-1) ?? 0) - FIRST_FAILED_AT;
        expect(reached).toBe(ladder.tries === 2 ? first : longestLifeMs(ladder));
      }),
    );
  });

  it('on a ladder of two tries lives for the first wait, all its jitter included', () => {
    const ladder = { rungsMs: [3_600_000], tries: 2, jitter: 0.1, maxAgeMs: 86_400_000 };
    const { dueTimes } = climb(ladder, () => 0.999_999_999);
    expect(longestLifeMs(ladder)).toBe(3_960_000);
    expect(dueTimes.at(-1)).toBeGreaterThanOrEqual(FIRST_FAILED_AT + 3_960_000 - 1);
    expect(longestLifeMs({ ...ladder, tries: 1 })).toBe(0);
    expect(longestLifeMs({ ...ladder, rungsMs: [] })).toBe(0);
    expect(longestLifeMs({ ...ladder, maxAgeMs: 1000 })).toBe(1000);
  });

  it('uses all its tries where age allows, each in the topic of its rung, and the last rung repeats', () => {
    const ladder = { rungsMs: [500, 30_000], tries: 6, jitter: 0.1, maxAgeMs: 1_000_000 };
    const { waits, topics, end } = climb(ladder, () => 0);
    expect(waits).toEqual([500, 30_000, 30_000, 30_000, 30_000]);
    expect(topics.slice(0, 3)).toEqual(['ticketing.retry.500ms', 'ticketing.retry.30s', 'ticketing.retry.30s']);
    expect(end).toBe('no-tries-left');
  });
});

it('jitter is uniform', () => {
  const BUCKETS = 20;
  const THROWS = 20_000;
  const ladder = { rungsMs: [1_000_000], tries: 2, jitter: 0.5, maxAgeMs: 10_000_000 };
  const random = seeded(20_261_124);
  const counts = new Array<number>(BUCKETS).fill(0);
  for (let index = 0; index < THROWS; index += 1) {
    const hop = nextHop(ladder, failed({ now: 0, firstFailedAt: 0, random: random() }));
    const part = hop.type === 'retry' ? (hop.dueAt - 1_000_000) / 500_000 : Number.NaN;
    const bucket = Math.floor(part * BUCKETS);
    counts[bucket] = (counts[bucket] ?? Number.NaN) + 1;
  }
  const expected = THROWS / BUCKETS;
  const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // Of fair dice, one run in a thousand is above this (19 degrees of freedom).
  expect(chiSquare).toBeLessThan(43.82);
});

/** Mulberry32: the same throws in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

it('a permanent failure is tried no more, an absence spends no try, whatever the ladder', () => {
  fc.assert(
    fc.property(ladders, fc.integer({ min: 1, max: 30 }), chance, (ladder, attempt, random) => {
      const once = failed({ attempt, random });
      expect(nextHop(ladder, { ...once, failure: { kind: 'permanent' } })).toEqual({
        type: 'dead-letter',
        reason: 'permanent',
      });
      expect(nextHop(ladder, { ...once, failure: { kind: 'unavailable' } })).toEqual({ type: 'wait' });
    }),
  );
});

it('a ladder without rungs has no second try', () => {
  const ladder = { rungsMs: [], tries: 5, jitter: 0, maxAgeMs: 1000 };
  expect(nextHop(ladder, failed())).toEqual({ type: 'dead-letter', reason: 'no-tries-left' });
});
