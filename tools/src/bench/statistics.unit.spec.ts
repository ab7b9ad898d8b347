import fc from 'fast-check';
import { median, quantile } from './statistics.js';

describe('quantile', () => {
  test('is the nearest rank', () => {
    const samples = [15, 20, 35, 40, 50];
    expect([0.05, 0.3, 0.4, 0.5, 1].map((share) => quantile(samples, share))).toEqual([15, 20, 20, 35, 50]);
    expect(median([9, 1, 5])).toBe(5);
    expect(quantile([], 0.5)).toBeNaN();
  });

  test('no more than the stated share of samples exceeds it', () => {
    const samples = fc.array(fc.integer(), { minLength: 1 });
    fc.assert(
      fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (values, share) => {
        const value = quantile(values, share);
        expect(values).toContain(value);
        const above = values.filter((sample) => sample > value).length;
        expect(above).toBeLessThanOrEqual(values.length * (1 - share) + 1e-9 * values.length);
      }),
    );
  });
});
