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
    const headers = spans.headersOf(recordWith('01'), 'the-key', 'first');
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
      expect(spans.headersOf(record, 'k', 'first')).toBe(record.headers);
    }
    spans.end();
    expect(exporter.getFinishedSpans()).toHaveLength(0);
  });

  it('a failed transaction fails them all', () => {
    const spans = new CopySpans('dedupe');
    for (let n = 0; n < 3; n++) spans.headersOf(recordWith('01'), 'k', 'duplicate');
    spans.fail(new Error('fenced'));
    expect(exporter.getFinishedSpans().map(({ status }) => status.message)).toEqual(['fenced', 'fenced', 'fenced']);
  });
});
