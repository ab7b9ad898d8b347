import { parseTraceparent } from './traceparent.js';

const [TRACE, SPAN] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];

it.each([
  ['the first version', `00-${TRACE}-${SPAN}-01`, 1],
  ['one that is not recorded', `00-${TRACE}-${SPAN}-00`, 0],
  ['a version to come', `01-${TRACE}-${SPAN}-03`, 3],
  ['a version to come, with more at the end', `cc-${TRACE}-${SPAN}-01-what-comes`, 1],
])('reads %s', (_, text, flags) => {
  expect(parseTraceparent(text)).toEqual({ traceId: TRACE, spanId: SPAN, flags });
});

it.each([
  ['nothing', undefined],
  ['null', null],
  ['words', 'a trace'],
  ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
  ['the version that is none', `ff-${TRACE}-${SPAN}-01`],
  ['more at the end of the first version', `00-${TRACE}-${SPAN}-01-more`],
  ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
  ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
  ['what no text may hold at the end', `01-${TRACE}-${SPAN}-01-\0`],
  ['too much at the end', `01-${TRACE}-${SPAN}-01-${'x'.repeat(201)}`],
])('takes %s for none', (_, text) => {
  expect(parseTraceparent(text)).toBeUndefined();
});
