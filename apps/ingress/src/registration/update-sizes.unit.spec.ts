import { UpdateSizes } from './update-sizes.js';

it('the average size is assumed until a bot has updates, and follows slowly then', () => {
  const sizes = new UpdateSizes(2_048);
  expect(sizes.average('1')).toBe(2_048);
  sizes.saw('1', 500);
  expect(sizes.average('1')).toBe(500);
  sizes.saw('1', 100_500);
  expect(sizes.average('1')).toBe(1_500);
  for (let count = 0; count < 1_000; count += 1) sizes.saw('1', 700);
  expect(sizes.average('1')).toBeCloseTo(700, 0);
  expect(sizes.average('2')).toBe(2_048);
});
