import { UsageError } from './access.js';
import { topicSettingsOf } from './topic-settings.js';

it('reads what the services are told of partitions, window and ladder', () => {
  const rungs = '200ms, 5s,2m,1h';
  expect(topicSettingsOf({ PARTITIONS: '6', DEDUPE_TTL_HOURS: '200', TICKETING_RETRY_RUNGS: rungs })).toEqual({
    partitions: 6,
    dedupeTtlMs: 720_000_000,
    ticketingRungsMs: [200, 5000, 120_000, 3_600_000],
  });
});

it('leaves to the declarations what nobody set', () => {
  expect(topicSettingsOf({ PARTITIONS: '', DEDUPE_TTL_HOURS: '', TICKETING_RETRY_RUNGS: '' })).toEqual({});
});

it.each(['5', '5s,', '0s', '1.5h', '5 s'])('refuses the rungs %j with an example', (text) => {
  expect(() => topicSettingsOf({ TICKETING_RETRY_RUNGS: text })).toThrow(UsageError);
});

it.each(['0', '-1', '1.5', 'three'])('refuses the number %j', (text) => {
  expect(() => topicSettingsOf({ PARTITIONS: text })).toThrow(`PARTITIONS=${text}: give a whole number from 1`);
  expect(() => topicSettingsOf({ DEDUPE_TTL_HOURS: text })).toThrow(UsageError);
});
