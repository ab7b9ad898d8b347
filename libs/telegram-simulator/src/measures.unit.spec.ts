import fc from 'fast-check';

import { LatencyHistogram } from './measures.js';
import { ReadyHeap } from './ready-heap.js';

describe('the latency histogram', () => {
  it('is at most one per cent above the true quantile and never above the maximum', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 300 }),
        fc.constantFrom(0.5, 0.9, 0.99, 0.999),
        (values, share) => {
          const histogram = new LatencyHistogram();
          values.forEach((value) => histogram.record(value));
          const sorted = [...values].sort((a, b) => a - b);
          const exact = sorted[Math.ceil(share * sorted.length) - 1]!;
          expect(histogram.quantile(share)).toBeGreaterThanOrEqual(exact * 0.9999);
          expect(histogram.quantile(share)).toBeLessThanOrEqual(exact * 1.0101);
          expect(histogram.summary().max).toBe(sorted.at(-1));
        },
      ),
    );
  });

  it('says zero when nothing was measured', () => {
    expect(new LatencyHistogram().summary()).toEqual({ count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
  });
});

describe('the ready heap', () => {
  it('gives the earliest first, the smaller queue number among equals', () => {
    const item = fc.record({ wake: fc.nat(20), update: fc.record({ queue: fc.integer({ min: -20, max: 20 }) }) });
    fc.assert(
      fc.property(fc.array(item), (items) => {
        const heap = new ReadyHeap();
        items.forEach((each) => heap.push(each));
        const popped = items.map(() => heap.pop());
        const sorted = [...items].sort((a, b) => a.wake - b.wake || a.update.queue - b.update.queue);
        expect(popped.map((each) => [each?.wake, each?.update.queue])).toEqual(
          sorted.map((each) => [each.wake, each.update.queue]),
        );
        expect(heap.pop()).toBeUndefined();
      }),
    );
  });
});
