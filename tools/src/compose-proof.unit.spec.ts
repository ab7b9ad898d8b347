import { whatIsMissing, type JaegerTrace } from './compose-proof.js';

const span = (service: string, isRoot = false): JaegerTrace['spans'][number] => ({
  operationName: `something in ${service}`,
  processID: service,
  startTime: 1,
  references: isRoot ? [] : [{ refType: 'CHILD_OF' }],
});
const trace = (...spans: JaegerTrace['spans']): JaegerTrace => ({
  spans,
  processes: Object.fromEntries(spans.map(({ processID }) => [processID, { serviceName: processID }])),
});

describe('whatIsMissing', () => {
  it('has nothing to say of a trace with every hop below one root', () => {
    expect(whatIsMissing(trace(span('ingress', true), span('dedupe'), span('ticketing')))).toBeUndefined();
  });

  it('names the hops without a span', () => {
    expect(whatIsMissing(trace(span('ingress', true)))).toBe('no span of dedupe, ticketing');
  });

  it('sees a trace that fell apart', () => {
    const torn = trace(span('ingress', true), span('dedupe'), span('ticketing', true));
    expect(whatIsMissing(torn)).toBe('2 roots in place of one');
  });
});
