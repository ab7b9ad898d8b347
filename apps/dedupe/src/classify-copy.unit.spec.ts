import fc from 'fast-check';
import type { SeenRecord } from '@onceline/contracts';
import { classifyCopy, type Copy } from './classify-copy.js';

const SEEN_AT = 1_800_000_000_000;
const copies = fc
  .array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), payloadHash: fc.constantFrom('x', 'y', 'z') }), {
    maxLength: 60,
  })
  .map((list) => list.map((copy, offset): Copy => ({ ...copy, offset })));

const seen = (copy: Copy): SeenRecord => ({
  payloadHash: copy.payloadHash,
  firstOffset: copy.offset,
  firstSeenAt: SEEN_AT,
});

/** Classifies a log as the partition does: an overlay per batch, merged on commit. */
function classifyLog(log: readonly Copy[], cuts: readonly number[], store = new Map<string, SeenRecord>()): string[] {
  const verdicts: string[] = [];
  let overlay = new Map<string, SeenRecord>();
  for (const copy of log) {
    if (cuts.includes(copy.offset)) {
      for (const [key, first] of overlay) store.set(key, first);
      overlay = new Map();
    }
    const verdict = classifyCopy(copy, (key) => store.get(key), overlay);
    if (verdict.copy === 'first') overlay.set(copy.key, seen(copy));
    verdicts.push(verdict.copy === 'first' ? 'first' : `${verdict.copy} of ${verdict.first.firstOffset}`);
  }
  for (const [key, first] of overlay) store.set(key, first);
  return verdicts;
}

describe('classifying copies', () => {
  it('judges as plain words say, wherever the batches are cut', () => {
    fc.assert(
      fc.property(copies, fc.array(fc.nat({ max: 60 })), (log, cuts) => {
        const expected = log.map((copy) => {
          const first = log.find(({ key }) => key === copy.key);
          if (first === undefined || first.offset === copy.offset) return 'first';
          return `${first.payloadHash === copy.payloadHash ? 'duplicate' : 'collision'} of ${first.offset}`;
        });
        expect(classifyLog(log, cuts)).toEqual(expected);
      }),
    );
  });

  it('passes exactly one copy per key on', () => {
    fc.assert(
      fc.property(copies, fc.array(fc.nat({ max: 60 })), (log, cuts) => {
        const firsts = classifyLog(log, cuts).filter((verdict) => verdict === 'first');
        expect(firsts).toHaveLength(new Set(log.map(({ key }) => key)).size);
      }),
    );
  });

  it('read again from the start, passes nothing on and takes no first copy for a duplicate of itself', () => {
    fc.assert(
      fc.property(copies, (log) => {
        const store = new Map<string, SeenRecord>();
        const once = classifyLog(log, [], store);
        const again = classifyLog(log, [], store);
        expect(again).toEqual(once.map((verdict, offset) => (verdict === 'first' ? `replay of ${offset}` : verdict)));
      }),
    );
  });

  it('trusts the running batch before the store', () => {
    const first: Copy = { key: 'a', payloadHash: 'x', offset: 9 };
    const old = { payloadHash: 'old', firstOffset: 1, firstSeenAt: 1 };
    const verdict = classifyCopy({ ...first, offset: 10 }, () => old, new Map([['a', seen(first)]]));
    expect(verdict).toEqual({ copy: 'duplicate', first: seen(first) });
  });
});
