import { MISTAKES, searchAsBuilt, searchWith } from './model/exactly-once.js';
import { hasSpin, NO_SPIN } from './model/spin.js';

const there = hasSpin();
if (!there) console.warn(NO_SPIN);
const test = there ? it : it.skip;
const where = there ? '' : ' (no spin here)';

describe('in every interleaving of the model', () => {
  test(`nothing is lost and nothing doubled, with two of dedupe and with two of ticketing${where}`, () => {
    expect(searchAsBuilt().map(([name, { violated }]) => [name, violated])).toEqual([
      ['two of dedupe', null],
      ['two of ticketing', null],
    ]);
  }, 120_000);

  test.each(MISTAKES)(
    `%s is found${where}`,
    (mistake) => {
      const { violated, steps } = searchWith(mistake);
      expect(violated).toMatch(/assertion violated/);
      expect(steps.length).toBeGreaterThan(0);
    },
    60_000,
  );
});
