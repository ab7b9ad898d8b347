import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { deliveryOf } from './intake/delivery.js';
import { planBatch } from './store/plan-batch.js';
import { planRules } from './store/settle-batch.js';
import { messageFrom, received as receive, testRules, uniqueRecord } from './store/fixtures.spec.js';
import { UpdateSpans } from './trace-updates.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SENT = 'b7ad6b7169203331';
const recordWith = (headers: Record<string, string>) =>
  uniqueRecord(messageFrom(1), { headers: { 'bot-id': '7', ...headers } });

const exporter = new InMemorySpanExporter();
beforeAll(() => {
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
});
beforeEach(() => exporter.reset());

const nothingKnown = {
  ledger: new Map(),
  tickets: [],
  messages: new Map(),
  parked: [],
  queues: new Map(),
  unmarkedGaps: [],
  migratedChats: [],
  faults: [],
};
const failing = {
  ...nothingKnown,
  faults: [{ id: 'f', match: { share: 1 }, kind: 'transient' as const, times: null }],
};
const contextOf = ({ traceparent, tracestate }: { traceparent: string | null; tracestate: string | null }) => ({
  traceparent,
  tracestate,
});

describe('a sampled update', () => {
  it('has a span under the context it came with, whose own context goes into the database', () => {
    const spans = new UpdateSpans('ticketing');
    const update = spans.start(receive(recordWith({ traceparent: `00-${TRACE}-${SENT}-01`, tracestate: 'a=b' })));
    expect(exporter.getFinishedSpans()).toHaveLength(0);
    spans.settled([update], planBatch([update], nothingKnown, planRules(testRules())).settlements);
    const [span] = exporter.getFinishedSpans();
    expect(span?.parentSpanContext?.spanId).toBe(SENT);
    expect(span?.links).toEqual([]);
    expect(contextOf(update)).toEqual({
      traceparent: `00-${TRACE}-${span?.spanContext().spanId}-01`,
      tracestate: 'a=b',
    });
    expect(span?.attributes).toMatchObject({
      'onceline.outcome': 'ticket-opened',
      'onceline.idempotency_key': update.idempotencyKey,
      'onceline.ticket.id': expect.stringMatching(/^t_/) as string,
    });
  });

  it('has a failed span for a try that ended without outcome, and a new one for the next try', () => {
    const spans = new UpdateSpans('ticketing');
    const received = receive(recordWith({ traceparent: `00-${TRACE}-${SENT}-01` }));
    spans.failed([spans.start(received)], Object.assign(new Error('away'), { code: '57P01' }));
    spans.settled([spans.start(received)], []);
    const [first, second] = exporter.getFinishedSpans();
    expect([first?.attributes['error.type'], second?.attributes['error.type']]).toEqual(['57P01', undefined]);
    expect(second?.parentSpanContext?.spanId).toBe(SENT);
  });

  it('that comes back has its next span beside the one before, linked to it, and says how long it waited', () => {
    const spans = new UpdateSpans('ticketing');
    const before = 'c7ad6b7169203331';
    const headers = {
      traceparent: `00-${TRACE}-${SENT}-01`,
      'previous-traceparent': `00-${TRACE}-${before}-01`,
      attempt: '2',
      'redrive-id': 'r1',
    };
    const received = receive({ ...recordWith(headers), topic: 'ticketing.redelivery' });
    spans.settled([spans.start(received, 5012.4)], []);
    const [span] = exporter.getFinishedSpans();
    expect(span?.parentSpanContext?.spanId).toBe(SENT);
    expect(span?.links.map(({ context }) => [context.traceId, context.spanId])).toEqual([[TRACE, before]]);
    expect(span?.attributes).toMatchObject({
      'onceline.wait.ms': 5012,
      'onceline.attempt': 2,
      'onceline.redrive.id': 'r1',
    });
  });

  it('whose decision was made again has one span, and its failure is told', () => {
    const spans = new UpdateSpans('ticketing');
    const received = receive(recordWith({ traceparent: `00-${TRACE}-${SENT}-01` }));
    spans.start(received);
    const update = spans.start(received);
    spans.settled([update], planBatch([update], failing, planRules(testRules())).settlements);
    const ended = exporter.getFinishedSpans();
    expect(ended.map(({ attributes }) => attributes['error.type'])).toEqual(['fault-injected']);
    expect(ended[0]?.attributes['onceline.outcome']).toBe('parked');
  });
});

describe('an update that is not sampled', () => {
  const received = receive(recordWith({ traceparent: `00-${TRACE}-${SENT}-00` }));
  const decide = (spans: UpdateSpans, update: ReturnType<UpdateSpans['start']>) =>
    planBatch([update], failing, planRules(testRules({ keep: (failed) => spans.keep(failed) })));

  it('is recorded from its first failure on: its span, the record that waits, and all that comes of it', () => {
    const spans = new UpdateSpans('ticketing');
    const update = spans.start(received);
    // Decided twice, as after a conflict: the last decision is the one that is shown.
    decide(spans, update);
    const { settlements, records } = decide(spans, update);
    spans.settled([update], settlements);
    const [span, ...others] = exporter.getFinishedSpans();
    expect(others).toEqual([]);
    expect(span?.attributes).toMatchObject({
      'onceline.outcome': 'parked',
      'error.type': 'fault-injected',
      'onceline.trace.begins_here': true,
    });
    expect(span?.parentSpanContext?.spanId).toBe(SENT);
    const own = `00-${TRACE}-${span?.spanContext().spanId}-01`;
    expect(records[0]?.headers).toMatchObject({
      traceparent: `00-${TRACE}-${SENT}-01`,
      'previous-traceparent': own,
    });
    expect(settlements[0]?.update.traceparent).toBe(own);
  });

  it('is recorded when it comes back, whatever it says', () => {
    const spans = new UpdateSpans('ticketing');
    const again = spans.start({
      ...received,
      delivery: deliveryOf({ ...received.record, topic: 'ticketing.redelivery' }),
    });
    spans.settled([again], planBatch([again], nothingKnown, planRules(testRules())).settlements);
    expect(again.traceparent).toMatch(/-01$/);
    expect(exporter.getFinishedSpans()).toHaveLength(1);
  });

  it('has no span and its context is passed on as it came', () => {
    const spans = new UpdateSpans('ticketing');
    const update = spans.start(receive(recordWith({ traceparent: `00-${TRACE}-${SENT}-00` })));
    expect(contextOf(update)).toEqual({ traceparent: `00-${TRACE}-${SENT}-00`, tracestate: null });
    spans.settled([update], []);
    expect(exporter.getFinishedSpans()).toHaveLength(0);
  });

  it('carries nothing on that is no trace context', () => {
    for (const traceparent of ['rubbish', '', `00-${TRACE}-${SENT}-01\u0000`]) {
      const update = new UpdateSpans('ticketing').start(receive(recordWith({ traceparent })));
      expect(update).toMatchObject({ traceparent: null });
    }
  });
});
