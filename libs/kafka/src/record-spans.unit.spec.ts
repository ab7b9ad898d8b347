import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace';
import type { ConsumedRecord } from './port.js';
import { failSpan, sendInSpan, startRecordSpan, startSendSpan, withBatchSpan } from './record-spans.js';
import { contextOf, injectTrace } from './trace-headers.js';

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

  it('records one that is not sampled from here on when it is worth to be kept, since when it was begun', () => {
    const options = { keep: true, startTime: Date.now() - 5000 };
    const { span, context: under } = startRecordSpan(record({ traceparent: UNSAMPLED }), 'ticketing', options);
    span.end();
    const [found] = spans();
    expect(found!.parentSpanContext?.spanId).toBe(SPAN);
    expect(found!.duration[0]).toBeGreaterThanOrEqual(5);
    expect(injectTrace({}, under)).toEqual({ traceparent: `00-${TRACE}-${found!.spanContext().spanId}-01` });
  });

  it('links a record to its batch', async () => {
    const batch = { topic: 'updates', partition: 3, records: [record({ traceparent: SAMPLED })], nextOffset: 43 };
    await withBatchSpan([batch], 'g', async () => startRecordSpan(batch.records[0]!, 'g').span.end());
    const [inside, around] = spans();
    expect(inside!.links.map((link) => link.context.spanId)).toEqual([around!.spanContext().spanId]);
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

  it.each([
    ['beside a record that keeps the context stored in it', false],
    ['of a record that joins a trace', true],
  ])('shows the sending %s', async (_, joins) => {
    const outgoing = { topic: 'updates', record: { key: 'k', value: null, headers: { traceparent: SAMPLED } } };
    const join = contextOf({ traceparent: SAMPLED });
    const sent = await sendInSpan(
      outgoing,
      { attributes: { why: 'test' }, ...(joins ? { join } : {}) },
      async ({ headers }) => headers?.['traceparent'],
    );
    const [found] = spans();
    expect(found).toMatchObject({ name: 'send updates', attributes: { why: 'test' } });
    expect(sent).toBe(joins ? `00-${TRACE}-${found!.spanContext().spanId}-01` : SAMPLED);
  });

  it('sends a record whose trace is not recorded under its trace id all the same', async () => {
    const outgoing = { topic: 'updates', record: { key: 'k', value: null } };
    const join = contextOf({ traceparent: UNSAMPLED });
    expect(await sendInSpan(outgoing, { join }, async ({ headers }) => headers)).toEqual({ traceparent: UNSAMPLED });
    expect(await sendInSpan(outgoing, {}, async (sent) => sent)).toBe(outgoing.record);
    expect(spans()).toEqual([]);
  });

  it('fails the span of a sending that failed, and lets the error through', async () => {
    const outgoing = { topic: 'updates', record: { key: 'k', value: null, headers: { traceparent: SAMPLED } } };
    await expect(sendInSpan(outgoing, {}, () => Promise.reject(new TypeError('refused')))).rejects.toThrow('refused');
    expect(spans().map(({ status }) => status.message)).toEqual(['refused']);
  });

  it('tells the code of a database error and nothing that it quotes', () => {
    const span = trace.getTracer('spec').startSpan('insert');
    failSpan(span, Object.assign(new Error('Token "private words" is invalid'), { code: '22P02' }));
    span.end();
    expect(spans()[0]).toMatchObject({ status: { code: SpanStatusCode.ERROR }, attributes: { 'error.type': '22P02' } });
    expect(spans()[0]!.status.message).toBeUndefined();
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
