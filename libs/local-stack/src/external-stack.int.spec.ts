import { startStack } from './index.js';
import type { Stack } from './index.js';

describe('a stack that the environment names', () => {
  const { KAFKA_BROKERS, DATABASE_URL, STACK } = process.env;
  let real: Stack;

  beforeAll(async () => {
    real = await startStack({ mode: 'embedded', durable: false });
    delete process.env['STACK'];
  });
  afterAll(async () => {
    for (const [name, value] of Object.entries({ KAFKA_BROKERS, DATABASE_URL, STACK })) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await real.stop();
  });

  it('is used as it is, and neither stopped nor killed', async () => {
    process.env['KAFKA_BROKERS'] = ` ${real.kafka.brokers.join(',')} , other:9092`;
    process.env['DATABASE_URL'] = real.postgres.url;
    const stack = await startStack();
    expect(stack.kafka.brokers).toEqual([...real.kafka.brokers, 'other:9092']);
    expect(stack.postgres.url).toBe(real.postgres.url);
    expect(await stack.postgres.createDatabase('named')).toContain('/named');
    for (const act of ['start', 'stop', 'kill', 'restart'] as const) {
      await expect(stack.kafka[act]()).rejects.toThrow('KAFKA_BROKERS names');
      await expect(stack.postgres[act]()).rejects.toThrow('DATABASE_URL names');
    }
    await stack.stop();
    expect([...real.kafka.pids(), ...real.postgres.pids()]).toHaveLength(2);
  });

  it.each([
    ['KAFKA_BROKERS', 'localhost', /KAFKA_BROKERS must be host:port/],
    ['DATABASE_URL', 'mysql://u:secret@h/d', /^(?!.*secret).*DATABASE_URL must be an address/],
  ])('a wrong %s is named, without its password', async (name, value, message) => {
    process.env['KAFKA_BROKERS'] = real.kafka.brokers[0];
    process.env['DATABASE_URL'] = real.postgres.url;
    process.env[name] = value;
    await expect(startStack()).rejects.toThrow(message);
  });
});
