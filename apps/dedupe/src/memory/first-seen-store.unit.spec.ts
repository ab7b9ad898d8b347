import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type { SeenRecord } from '@onceline/contracts';
import { TableStore } from './first-seen-store.js';

const HOUR = 3_600_000;
const TTL = 72 * HOUR;
const START = 1_800_000_000_000;

const hashes = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => value.toString(16).padStart(16, '0'));
/** Few enough to meet again; ids around the edge of 32 bits, kinds and scopes that only the discriminator tells apart. */
const keys = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('1', '2', '100000000001'),
      fc.constantFrom('message', 'edited_message'),
      fc.constantFrom('5', '-100'),
      fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 2 ** 32 - 3, max: 2 ** 32 + 3 })),
    )
    .map(([bot, kind, chat, id]) => `tg1:${bot}:${kind}:${chat}:7:${id}`),
  fc.constantFrom('', 'x', 'tg1:1:2', 'tg2:1:message:5:7:1', 'tg1:1:message:5:7:01', 'tg1:1:message:5:7:1e3'),
);

type Step =
  | { readonly do: 'add'; readonly key: string; readonly first: SeenRecord }
  | { readonly do: 'forget'; readonly key: string }
  | { readonly do: 'expire'; readonly before: number };

const times = fc.integer({ min: START, max: START + 3 * TTL });
const offsets = fc.oneof(fc.nat({ max: 5000 }), fc.maxSafeNat());
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant('add' as const),
      key: keys,
      first: fc.record({ payloadHash: hashes, firstOffset: offsets, firstSeenAt: times }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('forget' as const), key: keys }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const), before: times }) },
);

/** What the store must do, said with a Map: a table of 3 hours goes when its last millisecond is too old. */
class Model {
  readonly held = new Map<string, SeenRecord>();

  apply(step: Step): void {
    if (step.do === 'add') this.held.set(step.key, step.first);
    if (step.do === 'forget') this.held.delete(step.key);
    if (step.do !== 'expire') return;
    for (const [key, { firstSeenAt }] of this.held) {
      const tableEnd = (Math.floor(firstSeenAt / (3 * HOUR)) + 1) * 3 * HOUR;
      if (tableEnd <= step.before) this.held.delete(key);
    }
  }
}

function apply(store: TableStore, step: Step): void {
  if (step.do === 'add') store.add(step.key, step.first);
  if (step.do === 'forget') store.forget(step.key);
  if (step.do === 'expire') store.dropSeenBefore(step.before);
}

describe('first-seen store', () => {
  it('does what a map does, with additions, expiry and forgetting in any order', () => {
    fc.assert(
      fc.property(fc.array(steps, { maxLength: 300 }), fc.array(keys, { maxLength: 30 }), (history, questions) => {
        const store = new TableStore(TTL);
        const model = new Model();
        for (const step of history) {
          // A key that is held is a copy, and copies are not added.
          if (step.do === 'add' && store.find(step.key) !== undefined) continue;
          apply(store, step);
          model.apply(step);
          if (step.do !== 'expire') expect(store.find(step.key)).toEqual(model.held.get(step.key));
        }
        for (const key of [...model.held.keys(), ...questions]) expect(store.find(key)).toEqual(model.held.get(key));
        expect(store.size).toBe(model.held.size);
      }),
      { numRuns: 300 },
    );
  });

  it('never forgets a key before its TTL, to the millisecond', () => {
    fc.assert(
      fc.property(times, (firstSeenAt) => {
        const store = new TableStore(TTL);
        store.add('tg1:1:message:5:7:1', { payloadHash: '0'.repeat(16), firstOffset: 1, firstSeenAt });
        store.dropSeenBefore(firstSeenAt);
        expect(store.size).toBe(1);
        store.dropSeenBefore(firstSeenAt + 3 * HOUR);
        expect(store.size).toBe(0);
      }),
    );
  });

  it('holds many exactly, over several bots, sparse and dense ids, through every growth', () => {
    const store = new TableStore(TTL);
    const keyOf = (n: number) => `tg1:${1000 + (n % 7)}:message:${n % 500}:${n}:${(n % 3) * 900_000_000 + n}`;
    const firstOf = (n: number): SeenRecord => ({
      payloadHash: n.toString(16).padStart(16, 'f'),
      firstOffset: n * 3,
      firstSeenAt: START + n,
    });
    const count = 60_000;
    for (let n = 0; n < count; n++) store.add(keyOf(n), firstOf(n));
    for (let n = 0; n < count; n += 7) expect(store.find(keyOf(n))).toEqual(firstOf(n));
    for (let n = count; n < count + 10_000; n++) expect(store.find(keyOf(n))).toBeUndefined();
    expect(store.size).toBe(count);
  });

  it('reads the later one of two firsts of one key', () => {
    const store = new TableStore(TTL);
    const first = (firstSeenAt: number) => ({
      payloadHash: '1'.repeat(16),
      firstOffset: firstSeenAt % 1000,
      firstSeenAt,
    });
    store.add('tg1:1:message:5:7:1', first(START));
    store.add('tg1:1:message:5:7:1', first(START + TTL + 1));
    expect(store.find('tg1:1:message:5:7:1')?.firstSeenAt).toBe(START + TTL + 1);
    store.forget('tg1:1:message:5:7:1');
    expect(store.find('tg1:1:message:5:7:1')).toBeUndefined();
  });
});

describe('memory', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const memory = () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const fill = (store: TableStore, count: number, spreadMs: number) => {
    for (let n = 0; n < count; n++) {
      const firstSeenAt = START + Math.floor((n / count) * spreadMs);
      const key = `tg1:${1_000_001 + (n % 3)}:message:${n % 500}:${n}:${500_000_000 + n}`;
      store.add(key, { payloadHash: '0123456789abcdef', firstOffset: n, firstSeenAt });
    }
  };

  // Compiled code and inline caches come once and are not the keys'.
  beforeAll(() => fill(new TableStore(TTL), 50_000, TTL - 1));

  // 106,000: right after the eight parts of the index have split, where a key costs most.
  it.each([
    ['one partition of a million, all at once', 84_000, 1],
    ['the worst moment, right after a split', 106_000, 1],
    ['a share of a million, spread over the TTL', 84_000, TTL - 1],
  ])('%s: at most 40 bytes per key, measured and published alike', (_, count, spreadMs) => {
    // What else the process does meanwhile only adds to what is measured: the least of three is nearest to the store alone.
    const rounds = [1, 2, 3].map(() => {
      const before = memory();
      const store = new TableStore(TTL);
      fill(store, count, spreadMs);
      return { store, measured: (memory() - before) / count };
    });
    const measured = Math.min(...rounds.map((round) => round.measured));
    const { store } = rounds[0]!;
    const published = store.bytes / store.size;
    expect(store.size).toBe(count);
    expect(measured).toBeLessThanOrEqual(40);
    expect(published).toBeLessThanOrEqual(40);
    // What we publish must not flatter.
    expect(published).toBeGreaterThan(measured * 0.93);
  });
});
