import pg from 'pg';
import { startStack } from './index.js';
import type { Stack } from './index.js';
import { brokersSeenBy } from './kafka-metadata.js';

// Needs a container engine with the official images: run when the stack is asked for in containers.
(process.env['STACK'] === 'containers' ? describe : describe.skip)('a stack in containers', () => {
  let stack: Stack;

  beforeAll(async () => {
    stack = await startStack({ mode: 'containers', durable: false });
  }, 120_000);
  afterAll(() => stack?.stop(), 60_000);

  async function select(sql: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: stack.postgres.url });
    await client.connect();
    try {
      return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows;
    } finally {
      await client.end();
    }
  }

  it('answers', async () => {
    expect(await brokersSeenBy(stack.kafka.brokers[0] ?? '')).toEqual([1]);
    expect(await select('show fsync')).toEqual([['off']]);
    expect(await stack.postgres.createDatabase('orders')).toContain('/orders');
  });

  it.each(['stop', 'kill'] as const)(
    'comes back after a %s with its data, on its ports',
    async (end) => {
      const [broker] = stack.kafka.brokers;
      await select(`create table after_${end} as select 7 as n`);
      await Promise.all([stack.kafka[end](), stack.postgres[end]()]);
      expect(await brokersSeenBy(broker ?? '')).toEqual([]);
      await expect(select('select 1')).rejects.toThrow();
      await Promise.all([stack.kafka.start(), stack.postgres.start()]);
      expect(await brokersSeenBy(broker ?? '')).toEqual([1]);
      expect(await select(`select n from after_${end}`)).toEqual([[7]]);
    },
    120_000,
  );
});
