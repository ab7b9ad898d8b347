import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import type { ConsumedRecord } from './port.js';
import { contextOf, injectTrace, isSampled, startRecordSpan, startSendSpan, withBatchSpan } from './record-spans.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE}-${SPAN}-01`;
const UNSAMPLED = `00-${TRACE}-${SPAN}-00`;
const record = (headers: Record<string, string>): ConsumedRecord => ({
  topic: 'updates',
  partition: 3,
  offset: 42,
  timestamp: 1,
  key: 'k',
  value: Buffer.from('four'),
  headers,
});

describe('without an SDK', () => {
  it('reads and passes on contexts, and every span is silent', async () => {
    const headers = { traceparent: SAMPLED, tracestate: 'a=b', other: 'x' };
    expect(injectTrace({ other: 'y' }, contextOf(headers))).toEqual({ ...headers, other: 'y' });
    expect(injectTrace(headers, ROOT_CONTEXT)).toBe(headers);
    const { span, context: under } = startRecordSpan(record(headers), 'g');
    expect(span.isRecording()).toBe(false);
    expect(injectTrace({}, under)).toEqual({ traceparent: SAMPLED, tracestate: 'a=b' });
    expect(await withBatchSpan([], 'g', async () => 7)).toBe(7);
  });

  it.each([
    ['nothing', undefined, false],
    ['sampled', SAMPLED, true],
    ['not sampled', UNSAMPLED, false],
    ['sampled and random', `00-${TRACE}-${SPAN}-03`, true],
    ['rubbish', 'rubbish', false],
  ])('tells the sampled flag of %s', (_, traceparent, sampled) => {
    expect(isSampled(traceparent === undefined ? {} : { traceparent })).toBe(sampled);
  });

  it.each(['rubbish', `ff-${TRACE}-${SPAN}-01`, `00-${'0'.repeat(32)}-${SPAN}-01`, `00-${TRACE}-${'0'.repeat(16)}-01`])(
    'takes %s for no context',
    (traceparent) => {
      expect(trace.getSpanContext(contextOf({ traceparent }))).toBeUndefined();
    },
  );
});

describe('with an SDK', () => {
  const exporter = new InMemorySpanExporter();
  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
  });
  beforeEach(() => exporter.reset());
  afterAll(() => {
    trace.disable();
    context.disable();
  });
  const spans = () => exporter.getFinishedSpans();

  it('makes the record span a child of the stored context', () => {
    const { span, context: under } = startRecordSpan(record({ traceparent: SAMPLED }), 'ticketing');
    span.end();
    const [found] = spans();
    expect(found!.name).toBe('process updates');
    expect(found!.kind).toBe(SpanKind.CONSUMER);
    expect(found!.spanContext().traceId).toBe(TRACE);
    expect(found!.parentSpanContext?.spanId).toBe(SPAN);
    expect(found!.attributes).toEqual({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': 'ticketing',
      'messaging.destination.name': 'updates',
      'messaging.destination.partition.id': '3',
      'messaging.kafka.offset': 42,
      'messaging.kafka.message.key': 'k',
      'messaging.message.body.size': 4,
    });
    expect(injectTrace({}, under)['traceparent']).toBe(`00-${TRACE}-${found!.spanContext().spanId}-01`);
  });

  it('makes no span for a record that is not sampled, and passes its context on', () => {
    const { span, context: under } = startRecordSpan(record({ traceparent: UNSAMPLED }), 'ticketing');
    span.end();
    expect(spans()).toEqual([]);
    expect(injectTrace({}, under)).toEqual({ traceparent: UNSAMPLED });
  });

  it('joins send and process spans to one trace', () => {
    const send = startSendSpan('updates', { key: 'k', value: null }, contextOf({ traceparent: SAMPLED }));
    const headers = injectTrace({}, send.context);
    send.span.end();
    startRecordSpan(record({ ...headers }), 'g').span.end();
    const [sent, processed] = spans();
    expect(sent!.name).toBe('send updates');
    expect(sent!.kind).toBe(SpanKind.PRODUCER);
    expect(processed!.parentSpanContext?.spanId).toBe(sent!.spanContext().spanId);
    expect(processed!.spanContext().traceId).toBe(TRACE);
  });

  it('sends under an unsampled trace without a span', () => {
    const send = startSendSpan('updates', { key: 'k', value: null }, contextOf({ traceparent: UNSAMPLED }));
    send.span.end();
    expect(spans()).toEqual([]);
    expect(injectTrace({}, send.context)).toEqual({ traceparent: UNSAMPLED });
  });

  it('runs a batch inside one span with links to its sampled traces', async () => {
    const records = [record({ traceparent: SAMPLED }), record({ traceparent: UNSAMPLED }), record({})];
    const batch = { topic: 'updates', partition: 3, records, nextOffset: 43 };
    const inside = await withBatchSpan([batch], 'g', async (span) => {
      expect(trace.getSpan(context.active())).toBe(span);
      return span.spanContext();
    });
    const [found] = spans();
    expect(found!.spanContext()).toEqual(inside);
    expect(found!.name).toBe('process updates');
    expect(found!.parentSpanContext).toBeUndefined();
    expect(found!.links.map((link) => link.context.spanId)).toEqual([SPAN]);
    expect(found!.attributes['messaging.batch.message_count']).toBe(3);
  });

  it('marks the batch span of a failed handler and lets the error through', async () => {
    await expect(withBatchSpan([], 'g', () => Promise.reject(new TypeError('broken')))).rejects.toThrow('broken');
    expect(spans()[0]!.status).toEqual({ code: SpanStatusCode.ERROR, message: 'broken' });
    expect(spans()[0]!.attributes['error.type']).toBe('TypeError');
  });
});
