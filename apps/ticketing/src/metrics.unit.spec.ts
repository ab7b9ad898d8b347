import { KafkaError } from '@onceline/kafka';
import { newMetricsRegistry } from '@onceline/service-kit';
import { InjectedOutage } from './faults/fault-rule.js';
import { defect, transient } from './intake/update-failure.js';
import { TicketingMetrics, WORK } from './metrics.js';
import { messageFrom, traced, tracedMessage, uniqueRecord } from './store/fixtures.spec.js';
import type { Settlement } from './store/plan-batch.js';
import type { TracedUpdate } from './store/traced-update.js';

const settled = (update: TracedUpdate, changes: Partial<Settlement> = {}): Settlement => ({
  ...{ update, outcome: 'ticket-opened', reason: null, ticketId: 't', attempts: 1, redrive: null, before: undefined },
  ...changes,
});
const again = (headers: Record<string, string>) =>
  traced(uniqueRecord(messageFrom(1), { topic: 'ticketing.redelivery', headers: { 'bot-id': '7', ...headers } }));

async function linesAfter(updates: readonly TracedUpdate[], settlements: readonly Settlement[]): Promise<string> {
  const registry = newMetricsRegistry();
  new TicketingMetrics(registry).settled({ updates, settlements, seconds: 0.01 });
  return registry.metrics();
}

it('a try that will be repeated is a retry and no outcome yet; one that nobody foresaw is counted apart', async () => {
  const parked = { outcome: 'parked', reason: 'x' } as const;
  const [one, other] = [tracedMessage(1), tracedMessage(1)];
  const lines = await linesAfter(
    [one, other],
    [
      settled(one, { ...parked, failure: transient('fault-injected', 'words') }),
      settled(other, { ...parked, failure: defect('deciding', new TypeError('x')) }),
    ],
  );
  expect(lines).toContain('onceline_ticketing_retries_total{code="fault-injected"} 1');
  expect(lines).toContain('onceline_ticketing_retries_total{code="handler-defect"} 1');
  expect(lines).toContain('onceline_ticketing_unknown_failures_total{work="handling"} 1');
  expect(lines).toContain('onceline_ticketing_attempts_count 0');
});

it('tries are counted with the outcome; copies and redeliveries that nobody waited for are told apart', async () => {
  const update = again({ attempt: '2' });
  const updates = [update, again({ attempt: '1' }), tracedMessage(1)];
  const lines = await linesAfter(updates, [settled(update, { attempts: 3 })]);
  expect(lines).toContain('onceline_ticketing_attempts_sum 3');
  expect(lines).toContain('onceline_ticketing_redeliveries_stale_total 1');
  expect(lines).toContain('onceline_ticketing_updates_settled_before_total 1');
  expect(lines).toContain('onceline_ticketing_headers_distrusted_total{header="attempt"} 0');
});

it.each([{}, { attempt: '77' }, { attempt: 'two' }, { attempt: '9'.repeat(40) }])(
  'headers %j of a third try are distrusted, and counted',
  async (headers) => {
    const update = again(headers);
    const lines = await linesAfter([update], [settled(update, { attempts: 3 })]);
    expect(lines).toContain('onceline_ticketing_headers_distrusted_total{header="attempt"} 1');
  },
);

it('any other header that cannot be true is counted by its name, of a copy as well', async () => {
  const lines = await linesAfter([again({ attempt: '1', 'redrive-count': '-1', 'failure-kind': 'cosmic' })], []);
  expect(lines).toContain('onceline_ticketing_headers_distrusted_total{header="redrive-count"} 1');
  expect(lines).toContain('onceline_ticketing_headers_distrusted_total{header="failure-kind"} 1');
  expect(lines).toContain('onceline_ticketing_headers_distrusted_total{header="attempt"} 0');
});

describe('work that is repeated until it succeeds', () => {
  const coded = (code: string) => Object.assign(new Error('words'), { code });
  const unknownAfter = async (work: 'settling' | 'publishing' | 'measuring', error: unknown) => {
    const registry = newMetricsRegistry();
    const metrics = new TicketingMetrics(registry);
    if (work === 'settling') metrics.consumerPaused(error);
    else metrics.failed(work, error);
    const { values } = await registry.getSingleMetric('onceline_ticketing_unknown_failures_total')!.get();
    expect(values.map(({ labels }) => labels['work']).sort()).toEqual([...WORK].sort());
    return values.filter(({ value }) => value > 0).map(({ labels }) => labels['work']);
  };

  it.each(['settling', 'publishing', 'measuring'] as const)('%s: what no rule knows is counted', async (work) => {
    expect(await unknownAfter(work, coded('42P01'))).toEqual([work]);
    expect(await unknownAfter(work, new KafkaError('client', 'words'))).toEqual([work]);
    expect(await unknownAfter(work, new TypeError('x is not a function'))).toEqual([work]);
  });

  it.each(['settling', 'publishing', 'measuring'] as const)('%s: what a rule knows is not', async (work) => {
    expect(await unknownAfter(work, coded('57P01'))).toEqual([]);
    expect(await unknownAfter(work, new KafkaError('unavailable', 'words'))).toEqual([]);
    expect(await unknownAfter(work, new InjectedOutage('f1'))).toEqual([]);
  });
});

describe('how long it took', () => {
  const TRACE = '0af7651916cd43dd8448eb211c80319c';
  const traceparent = (flags: string) => `00-${TRACE}-b7ad6b7169203331-${flags}`;
  const receivedAgo = (seconds: number, flags: string): TracedUpdate => ({
    ...tracedMessage(1),
    receivedAt: new Date(Date.now() - seconds * 1000).toISOString(),
    traceparent: traceparent(flags),
  });

  it('from the webhook to the commit, with the trace of an update that is recorded', async () => {
    const [traced, untraced] = [receivedAgo(20, '01'), receivedAgo(2, '00')];
    const lines = await linesAfter([traced, untraced], [settled(traced), settled(untraced)]);
    const bucket = (le: string) => new RegExp(`update_latency_seconds_bucket\\{le="${le}"\\} (.*)`).exec(lines)?.[1];
    expect(bucket('2.5')).toBe('1');
    expect(bucket('30')).toMatch(new RegExp(`^2 # \\{trace_id="${TRACE}"\\} 2\\d`));
    expect(bucket('21600')).toBe('2');
  });

  it('from the webhook to tickets.events', async () => {
    const registry = newMetricsRegistry();
    const happenings = [{ at: Date.now() - 50_000, traceparent: traceparent('01') }];
    new TicketingMetrics(registry).recordsPublished('events', 3, happenings);
    const text = await registry.metrics();
    expect(text).toContain('onceline_ticketing_records_published_total{source="events"} 3');
    expect(text).toMatch(new RegExp(`event_latency_seconds_bucket\\{le="60"\\} 1 # \\{trace_id="${TRACE}"`));
    expect(text).toContain('event_latency_seconds_count 1');
  });
});
