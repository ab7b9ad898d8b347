import { ConfigError } from '@onceline/service-kit';
import { readDedupeConfig } from './config.js';

const environment = { KAFKA_BROKERS: '127.0.0.1:9092' };
const messageOf = (settings: NodeJS.ProcessEnv): string => {
  try {
    readDedupeConfig({ ...environment, ...settings });
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('the configuration was taken');
};

describe('settings of dedupe', () => {
  it('have the documented defaults', () => {
    expect(readDedupeConfig(environment)).toMatchObject({
      PORT: 8081,
      PARTITIONS: 12,
      DEDUPE_TTL_HOURS: 72,
      RETRY_WINDOW_HOURS: 24,
      DEDUPE_GROUP_ID: 'dedupe',
      DEDUPE_MAX_BATCH: 1000,
    });
  });

  it('stop the start when the window is shorter than Telegram plus retries, with the sum and the fix', () => {
    const message = messageOf({ DEDUPE_TTL_HOURS: '47' });
    expect(message).toContain('DEDUPE_TTL_HOURS=47');
    expect(message).toContain('24 + 24 = 48');
    expect(message).toContain('set DEDUPE_TTL_HOURS=48 or more');
  });

  it.each([
    ['48', '24'],
    ['24', '0'],
    ['1080', '24'],
  ])('take %s hours with retries of %s', (ttl, retries) => {
    const config = readDedupeConfig({ ...environment, DEDUPE_TTL_HOURS: ttl, RETRY_WINDOW_HOURS: retries });
    expect(config.DEDUPE_TTL_HOURS).toBe(Number(ttl));
  });

  it('count the retry window in', () => {
    expect(messageOf({ RETRY_WINDOW_HOURS: '49' })).toContain('24 + 49 = 73');
  });

  it.each([
    ['DEDUPE_TTL_HOURS', 'three'],
    ['DEDUPE_TTL_HOURS', '2000'],
    ['RETRY_WINDOW_HOURS', '-1'],
    ['DEDUPE_MAX_BATCH', '0'],
    ['PARTITIONS', '0'],
  ])('refuse %s=%s by name and value', (setting, value) => {
    expect(messageOf({ [setting]: value })).toContain(`${setting}=${value}`);
  });
});
