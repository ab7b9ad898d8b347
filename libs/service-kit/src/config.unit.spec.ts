import fc from 'fast-check';
import { z } from 'zod';
import {
  ConfigError,
  commonSettings,
  describeSettings,
  groupIdSetting,
  portSetting,
  readConfig,
  wholeNumber,
} from './config.js';

const schema = z.object({
  ...commonSettings,
  PORT: portSetting(8081),
  API_TOKENS: z.string().min(10, 'must be longer').optional().describe('the tokens'),
  DATABASE_URL: z
    .url({ protocol: /^postgres$/, error: 'must be a postgres address' })
    .optional()
    .describe('an address'),
});
const secrets = ['API_TOKENS'];

function problemsOf(environment: Record<string, string>): ConfigError {
  try {
    readConfig(schema, environment, { secrets });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('readConfig', () => {
  it('fills in the defaults and takes the brokers apart', () => {
    expect(readConfig(schema, { KAFKA_BROKERS: 'a:9092, [::1]:9093' })).toEqual({
      KAFKA_BROKERS: ['a:9092', '[::1]:9093'],
      KAFKA_TLS: 'off',
      PORT: 8081,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'info',
      PARTITIONS: 12,
      TRACE_SAMPLE_RATIO: 1,
      SHUTDOWN_TIMEOUT_MS: 20_000,
    });
  });

  it('names every wrong setting at once, with value and fix', () => {
    const { problems, message } = problemsOf({ PORT: '70000', LOG_LEVEL: 'loud', TRACE_SAMPLE_RATIO: 'half' });
    expect(problems.map(({ setting, value }) => [setting, value])).toEqual([
      ['KAFKA_BROKERS', undefined],
      ['PORT', '70000'],
      ['LOG_LEVEL', 'loud'],
      ['TRACE_SAMPLE_RATIO', 'half'],
    ]);
    expect(message).toContain('KAFKA_BROKERS is not set: it is required. Fix: set KAFKA_BROKERS to a comma-separated');
    expect(message).toContain('PORT=70000: must be from 0 to 65535. Fix: set PORT to the port to listen on');
    expect(message).toContain('or leave it out for 8081');
  });

  it.each(['nohost', 'host:0', 'host:65536', 'host:', ':9092', 'http://a:9092', 'a:1,b', ','])(
    'refuses the broker list %p',
    (brokers) => {
      expect(problemsOf({ KAFKA_BROKERS: brokers }).problems[0]).toMatchObject({
        setting: 'KAFKA_BROKERS',
        value: brokers,
      });
    },
  );

  it('never shows a secret, nor the password in an address', () => {
    const { message } = problemsOf({
      KAFKA_BROKERS: 'a:1',
      API_TOKENS: 'hunter2',
      DATABASE_URL: 'mysql://me:s3cret@host/db',
    });
    expect(message).toContain('API_TOKENS=***: must be longer');
    expect(message).toContain('DATABASE_URL=mysql://me:***@host/db');
    expect(message).not.toMatch(/hunter2|s3cret/);
  });

  it('takes an empty value for one that is not set, and leaves unknown settings alone', () => {
    expect(readConfig(schema, { KAFKA_BROKERS: 'a:1', PORT: '', NO_SUCH: 'x' })).toMatchObject({ PORT: 8081 });
    expect(problemsOf({ KAFKA_BROKERS: '' }).problems).toHaveLength(1);
  });

  it('takes exactly the whole numbers within the bounds', () => {
    const sizes = z.object({ SIZE: wholeNumber({ min: 5, max: 50, description: 'a size' }) });
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: -100, max: 100 }).map(String), fc.double().map(String), fc.string()),
        (text) => {
          const trimmed = text.trim();
          const isValid = /^-?\d+$/.test(trimmed) && Number(trimmed) >= 5 && Number(trimmed) <= 50;
          const read = () => readConfig(sizes, { SIZE: text }).SIZE;
          if (isValid) expect(read()).toBe(Number(trimmed));
          else expect(read).toThrow(ConfigError);
        },
      ),
    );
  });
});

describe('describeSettings', () => {
  it('lists name, need, default and meaning', () => {
    const rows = new Map(describeSettings(schema).map((row) => [row.name, row]));
    expect(rows.get('KAFKA_BROKERS')).toMatchObject({ required: true, default: undefined });
    expect(rows.get('PORT')).toMatchObject({ required: false, default: '8081' });
    expect(rows.get('OTEL_EXPORTER_OTLP_ENDPOINT')).toMatchObject({ required: false, default: undefined });
    expect([...rows.values()].filter(({ description }) => description === undefined)).toEqual([]);
  });
});

describe('groupIdSetting', () => {
  const schema = z.object({ GROUP_ID: groupIdSetting('mine', 'the consumer group') });

  it('has a default, and takes what Kafka takes', () => {
    expect(readConfig(schema, {})).toEqual({ GROUP_ID: 'mine' });
    expect(readConfig(schema, { GROUP_ID: ' other ' })).toEqual({ GROUP_ID: 'other' });
    expect(readConfig(schema, { GROUP_ID: 'g'.repeat(255) }).GROUP_ID).toHaveLength(255);
  });

  it.each([' ', 'g'.repeat(256)])('refuses %j', (text) => {
    expect(() => readConfig(schema, { GROUP_ID: text })).toThrow(/GROUP_ID=.*must.*set GROUP_ID to the consumer group/);
  });
});
