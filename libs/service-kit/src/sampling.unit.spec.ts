import { ROOT_CONTEXT, SpanStatusCode, TraceFlags, trace, type Context } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { KeepFailures, shareOfTraces } from './sampling.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

function setUp(ratio: number) {
  const exporter = new InMemorySpanExporter();
  const tracer = new TracerProvider({
    sampler: shareOfTraces(ratio),
    spanProcessors: [new KeepFailures(new SimpleSpanProcessor({ exporter }))],
  }).getTracer('spec');
  const exported = () => exporter.getFinishedSpans().map(({ name }) => name);
  return { tracer, exported };
}

const remote = (traceFlags: TraceFlags): Context =>
  trace.setSpanContext(ROOT_CONTEXT, { traceId: TRACE, spanId: SPAN, traceFlags, isRemote: true });

describe('the share of new traces', () => {
  it('is what is exported, with all that is below', () => {
    const { tracer, exported } = setUp(0.25);
    for (let n = 0; n < 2000; n += 1) {
      const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
      const below = tracer.startSpan('below', {}, trace.setSpan(ROOT_CONTEXT, root));
      // What is below a trace that was not chosen is not even recorded.
      expect(below.isRecording()).toBe((root.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0);
      below.end();
      root.end();
    }
    const [roots, below] = ['root', 'below'].map((wanted) => exported().filter((name) => name === wanted).length);
    expect(roots).toBeGreaterThan(400);
    expect(roots).toBeLessThan(600);
    expect(below).toBe(roots);
  });

  it('does not go for a trace that was begun elsewhere: what was chosen there holds', () => {
    const { tracer, exported } = setUp(0);
    tracer.startSpan('chosen elsewhere', {}, remote(TraceFlags.SAMPLED)).end();
    tracer.startSpan('not chosen elsewhere', {}, remote(TraceFlags.NONE)).end();
    expect(exported()).toEqual(['chosen elsewhere']);
  });

  it('does not go for a batch with a recorded update in it', () => {
    const { tracer, exported } = setUp(0);
    const linked = (traceFlags: TraceFlags) => [{ context: { traceId: TRACE, spanId: SPAN, traceFlags } }];
    tracer.startSpan('batch', { links: linked(TraceFlags.SAMPLED) }, ROOT_CONTEXT).end();
    tracer.startSpan('other batch', { links: linked(TraceFlags.NONE) }, ROOT_CONTEXT).end();
    expect(exported()).toEqual(['batch']);
  });
});

describe('a failure in a trace that was not chosen', () => {
  it.each([
    ['at its root', ROOT_CONTEXT],
    ['in a later service', remote(TraceFlags.NONE)],
  ])('is exported, %s', (_, parent) => {
    const { tracer, exported } = setUp(0);
    const failed = tracer.startSpan('failed', {}, parent);
    // What is decided here alone must not be taken for a decision further down the path.
    expect(failed.spanContext().traceFlags & TraceFlags.SAMPLED).toBe(0);
    failed.setStatus({ code: SpanStatusCode.ERROR });
    failed.end();
    tracer.startSpan('went well', {}, parent).end();
    expect(exported()).toEqual(['failed']);
  });
});

it('what the database quotes of a value stays out of the trace; what others say of a failure is in it', () => {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new KeepFailures(new SimpleSpanProcessor({ exporter }))] });
  for (const name of ['@opentelemetry/instrumentation-pg', 'spec']) {
    const span = provider.getTracer(name).startSpan(name);
    span.setStatus({ code: SpanStatusCode.ERROR, message: 'invalid input syntax: "my card number"' });
    span.end();
  }
  expect(exporter.getFinishedSpans().map(({ status }) => status)).toEqual([
    { code: SpanStatusCode.ERROR },
    { code: SpanStatusCode.ERROR, message: 'invalid input syntax: "my card number"' },
  ]);
});
