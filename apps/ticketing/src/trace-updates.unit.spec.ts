import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { planBatch } from './store/plan-batch.js';
import { messageFrom, traced, uniqueRecord } from './store/fixtures.spec.js';
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

const nothingKnown = { settledKeys: new Set<string>(), openTickets: new Map(), recordedMessages: new Map() };

describe('a sampled update', () => {
  it('has a span under the context it came with, whose own context goes into the database', () => {
    const spans = new UpdateSpans('ticketing');
    const record = recordWith({ traceparent: `00-${TRACE}-${SENT}-01`, tracestate: 'a=b' });
    const context = spans.start(record);
    expect(exporter.getFinishedSpans()).toHaveLength(0);
    const updates = [{ ...traced(record), ...context }];
    spans.settled(updates, planBatch(updates, nothingKnown).settlements);
    const [span] = exporter.getFinishedSpans();
    expect(span?.parentSpanContext?.spanId).toBe(SENT);
    expect(context).toEqual({ traceparent: `00-${TRACE}-${span?.spanContext().spanId}-01`, tracestate: 'a=b' });
    expect(span?.attributes).toMatchObject({
      'onceline.outcome': 'ticket-opened',
      'onceline.idempotency.key': updates[0]?.idempotencyKey,
    });
  });

  it('has a failed span for a try that ended without outcome, and a new one for the next try', () => {
    const spans = new UpdateSpans('ticketing');
    const record = recordWith({ traceparent: `00-${TRACE}-${SENT}-01` });
    spans.start(record);
    spans.failed([traced(record)], Object.assign(new Error('away'), { code: '57P01' }));
    spans.start(record);
    spans.settled([traced(record)], []);
    const [first, second] = exporter.getFinishedSpans();
    expect([first?.attributes['error.type'], second?.attributes['error.type']]).toEqual(['57P01', undefined]);
    expect(second?.parentSpanContext?.spanId).toBe(SENT);
  });
});

describe('an update that is not sampled', () => {
  it('has no span and its context is passed on as it came', () => {
    const spans = new UpdateSpans('ticketing');
    const record = recordWith({ traceparent: `00-${TRACE}-${SENT}-00` });
    expect(spans.start(record)).toEqual({ traceparent: `00-${TRACE}-${SENT}-00`, tracestate: null });
    spans.settled([traced(record)], []);
    expect(exporter.getFinishedSpans()).toHaveLength(0);
  });

  it('carries nothing on that is no trace context', () => {
    for (const traceparent of ['rubbish', '', `00-${TRACE}-${SENT}-01\u0000`]) {
      expect(new UpdateSpans('ticketing').start(recordWith({ traceparent }))).toMatchObject({ traceparent: null });
    }
  });
});
