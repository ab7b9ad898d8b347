import { newMetricsRegistry } from '@onceline/service-kit';
import { TicketingMetrics } from './metrics.js';
import { TicketingObserver } from './observer.js';
import { tracedMessage } from './store/fixtures.spec.js';
import type { Settlement } from './store/plan-batch.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

function setUp(level: 'info' | 'warn') {
  const lines: Record<string, unknown>[] = [];
  const write = (name: string) => (fields: object, msg: string) => void lines.push({ ...fields, level: name, msg });
  const logger = { debug: () => undefined, info: write('info'), warn: write('warn'), error: write('error') };
  const isLevelEnabled = (name: string) => name !== 'info' || level === 'info';
  const observer = new TicketingObserver(
    { ...logger, isLevelEnabled } as never,
    new TicketingMetrics(newMetricsRegistry()),
  );
  return { lines, observer };
}

const update = { ...tracedMessage(1, 'private words'), traceparent: `00-${TRACE}-${SPAN}-00` };
const base = { update, reason: null, ticketId: null, attempts: 1, redrive: null, before: undefined };
const failure = { kind: 'permanent', known: true, code: 'unreadable-message', message: 'no date' } as const;
const settlements: Settlement[] = [
  { ...base, outcome: 'ticket-opened', ticketId: 't_1' },
  { ...base, outcome: 'ignored', reason: 'unknown-kind' },
  { ...base, outcome: 'dead-lettered', reason: 'unreadable-message', failure },
];
const report = { updates: [update, update, update], settlements, seconds: 0.0123 };

it('says all about the outcome of each update in one line, with its trace and without a word of it', () => {
  const { lines, observer } = setUp('info');
  observer.settled(report);
  expect(lines).toMatchObject([
    { level: 'info', outcome: 'ticket-opened', ticketId: 't_1' },
    { level: 'info', outcome: 'ignored', reason: 'unknown-kind' },
    { level: 'warn', outcome: 'dead-lettered', failure },
  ]);
  const { topic, partition, offset } = update.record;
  const { idempotencyKey, botId, updateKind } = update;
  for (const line of lines) {
    expect(line).toMatchObject({ idempotencyKey, botId, updateKind, attempts: 1, topic, partition, offset });
    expect(line).toMatchObject({ trace_id: TRACE, span_id: SPAN, batchRecords: 3, batchMs: 12 });
    expect(line['ageMs']).toBeGreaterThanOrEqual(0);
  }
  expect(JSON.stringify(lines)).not.toContain('private words');
});

it('keeps to what failed when nobody wants to hear of the rest', () => {
  const { lines, observer } = setUp('warn');
  observer.settled(report);
  expect(lines.map(({ outcome }) => outcome)).toEqual(['dead-lettered']);
});

it('hands errors on as they are, for the log knows how to tell them', () => {
  const { lines, observer } = setUp('info');
  const error = new Error('Connection terminated unexpectedly');
  observer.paused(error, 1000);
  observer.failed(error);
  observer.notMeasured(error);
  expect(lines.map(({ err }) => err)).toEqual([error, error, error]);
});
