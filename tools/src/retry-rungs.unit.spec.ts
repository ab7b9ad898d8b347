import { UsageError } from './access.js';
import { rungsInMs } from './retry-rungs.js';

it('reads the waits of a ladder', () => {
  expect(rungsInMs('200ms, 5s,2m,1h')).toEqual([200, 5000, 120_000, 3_600_000]);
});

it.each(['', '5', '5s,', '0s', '1.5h', '5 s'])('refuses %j with an example', (text) => {
  expect(() => rungsInMs(text)).toThrow(UsageError);
});
