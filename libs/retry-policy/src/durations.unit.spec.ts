import { retryTopicName } from '@onceline/contracts';
import fc from 'fast-check';
import { durationText, millisecondsOf } from './durations.js';

it.each([
  ['1ms', 1],
  ['500ms', 500],
  ['5s', 5000],
  [' 2m ', 120_000],
  ['1h', 3_600_000],
])('%j is %d ms', (text, milliseconds) => {
  expect(millisecondsOf(text)).toBe(milliseconds);
});

it.each(['', '5', '0s', '05s', '5 s', '-1s', '+1s', '1.5h', '1e3ms', '5d', '5S', '1h30m', '9999999999s', '٣s'])(
  '%j is no duration',
  (text) => {
    expect(millisecondsOf(text)).toBeUndefined();
  },
);

it('text and milliseconds say the same, and topics are named alike', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 7 * 24 * 3_600_000 }), (milliseconds) => {
      const text = durationText(milliseconds);
      expect(millisecondsOf(text)).toBe(milliseconds);
      expect(retryTopicName('ticketing', milliseconds)).toBe(`ticketing.retry.${text}`);
    }),
  );
  expect([999, 90_000, 3_600_000, 5_400_000].map(durationText)).toEqual(['999ms', '90s', '1h', '90m']);
});
