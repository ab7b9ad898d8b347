import { context, trace } from '@opentelemetry/api';
import { TracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import { CopySpans } from './copy-spans.js';
import { rawRecord } from './raw-record.spec.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

const exporter = new InMemorySpanExporter();

beforeAll(() => {
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
});
beforeEach(() => exporter.reset());
afterAll(() => {
  trace.disable();
  context.disable();
});

const recordWith = (flags: string) =>
  rawRecord({
    offset: 1,
    updateId: 1,
    headers: { 'bot-id': '1', traceparent: `00-${TRACE}-${PARENT}-${flags}`, tracestate: 'a=b' },
  });

describe('spans of copies', () => {
  it('a sampled record gets a span under its stored context, and that span goes on', () => {
    const spans = new CopySpans('dedupe');
    const headers = spans.headersOf(recordWith('01'), 'first', 'the-key');
    expect(exporter.getFinishedSpans()).toHaveLength(0);
    spans.end();
    const [span] = exporter.getFinishedSpans();
    expect(span?.name).toBe('process telegram.updates.raw');
    expect(span?.parentSpanContext?.spanId).toBe(PARENT);
    expect(span?.attributes).toMatchObject({
      'onceline.idempotency_key': 'the-key',
      'onceline.dedupe.result': 'first',
    });
    expect(headers).toEqual({
      'bot-id': '1',
      traceparent: `00-${TRACE}-${span?.spanContext().spanId}-01`,
      tracestate: 'a=b',
    });
  });

  it('a record that is not sampled, or has no context, passes untouched', () => {
    const spans = new CopySpans('dedupe');
    for (const record of [recordWith('00'), rawRecord({ offset: 1, updateId: 1 })]) {
      expect(spans.headersOf(record, 'first', 'k')).toBe(record.headers);
    }
    spans.end();
    expect(exporter.getFinishedSpans()).toHaveLength(0);
  });

  it('a record that goes to the dead letters is recorded from here on, also where it was not chosen', () => {
    const spans = new CopySpans('dedupe');
    const headers = [
      spans.headersOf(recordWith('00'), 'collision', 'k'),
      spans.headersOf(rawRecord({ offset: 1, updateId: 1 }), 'unreadable'),
    ];
    spans.end();
    const [collision, unreadable] = exporter.getFinishedSpans();
    expect(headers[0]?.['traceparent']).toBe(`00-${TRACE}-${collision?.spanContext().spanId}-01`);
    expect([collision, unreadable].map((span) => span?.attributes['error.type'])).toEqual(['collision', 'unreadable']);
  });

  it('a failed transaction fails them all', () => {
    const spans = new CopySpans('dedupe');
    for (let n = 0; n < 3; n++) spans.headersOf(recordWith('01'), 'duplicate', 'k');
    spans.fail(new Error('fenced'));
    expect(exporter.getFinishedSpans().map(({ status }) => status.message)).toEqual(['fenced', 'fenced', 'fenced']);
  });
});
