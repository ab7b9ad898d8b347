import { DEFAULT_TICKETING_RUNGS_MS } from '@onceline/contracts';
import { z } from 'zod';
import { ladderOf, ladderSettings, rungsMsOf } from './ladder-settings.js';

const schema = z.object(ladderSettings);
const read = (environment: Record<string, string> = {}) => ladderOf(schema.parse(environment));

it('has the ladder of the topics as its default', () => {
  expect(read()).toEqual({ rungsMs: [...DEFAULT_TICKETING_RUNGS_MS], tries: 10, jitter: 0.1, maxAgeMs: 86_400_000 });
});

it('takes another', () => {
  expect(
    read({
      TICKETING_RETRY_RUNGS: '200ms, 1s',
      TICKETING_RETRY_TRIES: ' 3 ',
      TICKETING_RETRY_JITTER: '.25',
      TICKETING_RETRY_MAX_AGE: '10m',
    }),
  ).toEqual({ rungsMs: [200, 1000], tries: 3, jitter: 0.25, maxAgeMs: 600_000 });
});

it.each([
  ['TICKETING_RETRY_RUNGS', ['', '5', '5s,', '0s', '5 s', '5d']],
  ['TICKETING_RETRY_TRIES', ['', '0', '1000', '-1', '1.5', '1e2']],
  ['TICKETING_RETRY_JITTER', ['', '0.51', '1', '-0.1', 'NaN', '1e-1']],
  ['TICKETING_RETRY_MAX_AGE', ['', '0h', '24', '1d', '1h,1h']],
])('%s refuses %j', (setting, texts) => {
  for (const text of texts) expect(schema.safeParse({ [setting]: text }).error?.issues[0]?.path).toEqual([setting]);
});

it('rungs that are none are an error that shows which', () => {
  expect(rungsMsOf('200ms, 5s')).toEqual([200, 5000]);
  expect(() => rungsMsOf('200ms,5')).toThrow(new RangeError('"5" must be a duration such as 500ms, 5s, 2m or 1h'));
});
