import fc from 'fast-check';
import { DueHeap } from './due-heap.js';
import { HeldPartition } from './held-partition.js';

describe('DueHeap', () => {
  it('gives the earliest first, whatever came in which order', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(50), fc.constant(null))), (steps) => {
        const heap = new DueHeap<number>();
        let model: number[] = [];
        for (const step of steps) {
          if (step !== null) {
            heap.push(step, step);
            model = [...model, step].sort((a, b) => a - b);
          } else if (model.length > 0) expect(heap.pop()).toBe(model.shift());
          expect(heap.nextDue).toBe(model[0] ?? Infinity);
          expect(heap.size).toBe(model.length);
        }
      }),
    );
    expect(() => new DueHeap().pop()).toThrow();
  });
});

const RUNG = 60_000;
const record = (offset: number, timestamp: number) => {
  return { topic: 't', partition: 0, offset, timestamp, key: null, value: null, headers: {} };
};

describe('a partition that is held', () => {
  it('gives out nothing early and nothing twice, and settles without a hole', () => {
    const waits = fc.array(fc.record({ gap: fc.nat(3000), jitter: fc.nat(6000) }), { maxLength: 60 });
    fc.assert(
      fc.property(waits, fc.array(fc.nat(20_000)), (records, pauses) => {
        const held = new HeldPartition(0);
        const dueOf: number[] = [];
        let time = 0;
        records.forEach(({ gap, jitter }, offset) => {
          time += gap;
          dueOf.push(time + RUNG + jitter);
          held.add(record(offset, time), { due: time + RUNG + jitter, earliestBehind: time + RUNG });
        });
        const gone = new Set<number>();
        let now = 0;
        for (const pause of [...pauses, time + 2 * RUNG]) {
          now += pause;
          for (let due; (due = held.takeDue(now, 7)).length > 0; held.settle(due)) {
            for (const { record } of due) {
              expect(dueOf[record.offset]).toBeLessThanOrEqual(now);
              expect(gone.has(record.offset)).toBe(false);
              gone.add(record.offset);
            }
          }
          const firstLeft = records.findIndex((_, offset) => !gone.has(offset));
          expect(held.settledTo).toBe(firstLeft < 0 ? records.length : firstLeft);
        }
        expect(gone.size).toBe(records.length);
      }),
    );
  });

  it('is read on while a record behind could be due before the first in hand, and no further', () => {
    const held = new HeldPartition(0);
    const now = 1e12;
    expect(held.shouldReadOn(now)).toBe(true);
    held.add(record(0, now), { due: now + RUNG + 5000, earliestBehind: now + RUNG });
    expect(held.shouldReadOn(now)).toBe(true);
    held.add(record(1, now + 8000), { due: now + RUNG + 8000, earliestBehind: now + RUNG + 8000 });
    expect(held.shouldReadOn(now)).toBe(false);
    expect(held.shouldReadOn(held.readOnAt)).toBe(true);
    expect(held.shouldReadOn(held.readOnAt - 1)).toBe(false);
  });

  it('takes a record that comes again for the one it has', () => {
    const held = new HeldPartition(5);
    for (const offset of [4, 5, 5, 6, 5]) held.add(record(offset, 0), { due: 0, earliestBehind: 0 });
    expect(held.takeDue(1, 10).map((one) => one.record.offset)).toEqual([5, 6]);
    expect(held.readTo).toBe(7);
  });

  it('gives out again what could not go on', () => {
    const held = new HeldPartition(0);
    held.add(record(0, 0), { due: 5, earliestBehind: 0 });
    held.putBack(held.takeDue(5, 10));
    expect(held.settledTo).toBe(0);
    expect(held.takeDue(4, 10)).toEqual([]);
    expect(held.takeDue(5, 10).length).toBe(1);
  });
});
