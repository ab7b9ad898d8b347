import { trace } from '@opentelemetry/api';
import { contextOf, injectTrace, isSampled, recordedFromHere, traceIds, unrecordedTrace } from './trace-headers.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE}-${SPAN}-01`;
const UNSAMPLED = `00-${TRACE}-${SPAN}-00`;

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

it('gives an update that nobody traces an id of its own', () => {
  const [one, other] = [unrecordedTrace(), unrecordedTrace()].map((context) => injectTrace({}, context)['traceparent']);
  expect(one).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
  expect(trace.getSpanContext(contextOf({ traceparent: one! }))).toMatchObject({ traceId: one!.slice(3, 35) });
  expect(one!.slice(3, 35)).not.toBe(other!.slice(3, 35));
});

it('records a trace from here on, without another id', () => {
  expect(injectTrace({}, recordedFromHere(contextOf({ traceparent: UNSAMPLED })))).toEqual({ traceparent: SAMPLED });
  expect(injectTrace({ a: 'b' }, recordedFromHere(contextOf({})))).toEqual({ a: 'b' });
});

it('names trace and span for a log line, and nothing that is none', () => {
  expect(traceIds(UNSAMPLED)).toEqual({ trace_id: TRACE, span_id: SPAN });
  for (const none of [undefined, null, '', 'rubbish', `00-${'g'.repeat(32)}-${SPAN}-01`])
    expect(traceIds(none)).toEqual({});
});
