import { Registry } from 'prom-client';
import { defect, transient } from './intake/update-failure.js';
import { TicketingMetrics } from './metrics.js';
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
  const registry = new Registry();
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
  expect(lines).toContain('onceline_ticketing_unknown_failures_total 1');
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
