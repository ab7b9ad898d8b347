import { KafkaError } from '@onceline/kafka';
import type { Queries } from '@onceline/postgres';
import { newMetricsRegistry } from '@onceline/service-kit';
import { DeadLetterMetrics, WORK } from './dead-letter-metrics.js';
import { TicketingError } from './ticketing-client.js';

const refused = Object.assign(new Error('words'), { code: 'ECONNREFUSED' });

async function countedAs(error: unknown): Promise<unknown[]> {
  const registry = newMetricsRegistry();
  new DeadLetterMetrics(registry, []).failed('send', error);
  const { values } = await registry.getSingleMetric('onceline_retry_dead_letter_failures_total')!.get();
  expect(values).toHaveLength(2 * WORK.length);
  return values.filter(({ value }) => value > 0).map(({ labels }) => [labels['work'], labels['known']]);
}

it.each<[string, unknown, boolean]>([
  ['a broker that is away', new KafkaError('unavailable', 'words'), true],
  [
    'a ticketing that is away',
    new TicketingError('words', { cause: new TypeError('fetch failed', { cause: refused }) }),
    true,
  ],
  ['a ticketing that answers 500', new TicketingError('words', { status: 500 }), true],
  ['a database that is away', Object.assign(new Error('words'), { code: '57P01' }), true],
  ['a table that is missing', Object.assign(new Error('words'), { code: '42P01' }), false],
  ['whatever else the client of Kafka says', new KafkaError('client', 'words'), false],
  ['a defect of ours', new TypeError('x is not a function'), false],
])('%s is counted, and a rule knows it or not', async (_, error, known) => {
  expect(await countedAs(error)).toEqual([['send', String(known)]]);
});

it('the oldest open dead letter of a consumer is the oldest of all classes', async () => {
  const registry = newMetricsRegistry();
  const metrics = new DeadLetterMetrics(registry, [
    { consumer: 'ticketing', topic: 'ticketing.dead-letter', redelivery: 'ticketing.redelivery' },
  ]);
  const row = (of: string, status: string, age: number) => ({
    consumer: 'ticketing',
    class: of,
    status,
    count: 1,
    age,
  });
  const kept = [row('content', 'open', 90_000), row('destination', 'open', 5), row('content', 'discarded', 400_000)];
  const queries: Queries = {
    query: <Row>(sql: string) => Promise.resolve((sql.includes('retry.dead_letters') ? kept : []) as Row[]),
  };
  await metrics.measure(queries);
  const { values } = await registry.getSingleMetric('onceline_retry_dead_letter_oldest_open_seconds')!.get();
  expect(values).toEqual([{ labels: { consumer: 'ticketing' }, value: 90_000 }]);
});
