import { DEFAULT_TICKETING_RUNGS_MS } from '@onceline/contracts';
import { ladderOf } from '@onceline/retry-policy';
import { hashToken } from '@onceline/service-kit';
import { readTicketingConfig } from './config.js';

const key = (id: string, bytes = 32) => `${id}:${Buffer.alloc(bytes, id).toString('base64')}`;

const read = (changes: Record<string, string>) =>
  readTicketingConfig({
    KAFKA_BROKERS: '127.0.0.1:9092',
    DATABASE_URL: 'postgres://127.0.0.1/onceline',
    API_TOKENS: `viewer:${hashToken('secret')}`,
    MASTER_KEYS: key('one'),
    ...changes,
  });

it('the ladder has its defaults, and takes other durations', () => {
  expect(ladderOf(read({}))).toEqual({
    rungsMs: [...DEFAULT_TICKETING_RUNGS_MS],
    tries: 10,
    jitter: 0.1,
    maxAgeMs: 86_400_000,
  });
  expect(ladderOf(read({ TICKETING_RETRY_RUNGS: '200ms, 1s' })).rungsMs).toEqual([200, 1000]);
});

it.each(['5', '0s', '5 s', '9999999999s', '-1s', '5s,', '5d'])('rungs of %j are refused', (rungs) => {
  expect(() => read({ TICKETING_RETRY_RUNGS: rungs })).toThrow(/TICKETING_RETRY_RUNGS.*must be a duration/);
});

it('a ladder that outlasts the memory of dedupe is refused, with the sum', () => {
  // Few short rungs: the sum of the waits is far below the age, which a record that comes late may reach all the same.
  expect(() => read({ TICKETING_RETRY_RUNGS: '5s', TICKETING_RETRY_MAX_AGE: '99h' })).toThrow(
    '99h in which an update may be tried again + 24h in which Telegram repeats it = 123h, longer than dedupe remembers a key (72h)',
  );
  expect(() => read({ DEDUPE_TTL_HOURS: '47' })).toThrow(
    /TICKETING_RETRY_MAX_AGE=24h.*24h .* \+ 24h .* = 48h.*\(47h\)/s,
  );
  expect(read({ DEDUPE_TTL_HOURS: '48' }).TICKETING_RETRY_MAX_AGE).toBe('24h');
  expect(read({ TICKETING_RETRY_MAX_AGE: '48h' }).DEDUPE_TTL_HOURS).toBe(72);
});

it('an update that has one try, or one wait, never reaches its age', () => {
  const strict = { DEDUPE_TTL_HOURS: '25', TICKETING_RETRY_RUNGS: '54m' };
  expect(read({ ...strict, TICKETING_RETRY_TRIES: '1' }).TICKETING_RETRY_TRIES).toBe(1);
  expect(read({ ...strict, TICKETING_RETRY_TRIES: '2' }).TICKETING_RETRY_TRIES).toBe(2);
  expect(() => read({ ...strict, TICKETING_RETRY_RUNGS: '55m', TICKETING_RETRY_TRIES: '2' })).toThrow('3630s in which');
});

it('faults are off, and cannot be switched on in production', () => {
  expect(read({}).FAULTS_ENABLED).toBe(false);
  expect(read({ FAULTS_ENABLED: 'true', NODE_ENV: 'test' }).FAULTS_ENABLED).toBe(true);
  expect(() => read({ FAULTS_ENABLED: 'true', NODE_ENV: 'production' })).toThrow(/FAULTS_ENABLED=true.*production/);
});

it('master keys are read in their order, and the first one wraps', () => {
  const keys = read({ MASTER_KEYS: `${key('new')}, ${key('old')}` }).MASTER_KEYS;
  expect(keys.map(({ id, key: bytes }) => [id, bytes.length])).toEqual([
    ['new', 32],
    ['old', 32],
  ]);
});

it.each([
  [',', 'entry 1 is not an id and 32 bytes of base64'],
  [key('short', 16), 'entry 1 is not an id and 32 bytes of base64'],
  [`${key('one')},${key('TWO')}`, 'entry 2 is not an id and 32 bytes of base64'],
  [`${key('one')},${key('one')}`, 'two entries have the same id'],
])('master keys %j are refused, and not shown', (text, problem) => {
  const refused = () => read({ MASTER_KEYS: text });
  expect(refused).toThrow(problem);
  expect(refused).toThrow('npm run master-key');
  expect(refused).not.toThrow(key('one'));
});
