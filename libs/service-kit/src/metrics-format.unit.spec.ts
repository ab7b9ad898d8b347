import { plainText, wantsPlainText } from './metrics-format.js';

const PROMETHEUS =
  'application/openmetrics-text;version=1.0.0;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

it.each([
  ['nobody in particular', undefined, false],
  ['whoever takes anything', '*/*', false],
  ['Prometheus', PROMETHEUS, false],
  ['an older scraper', 'text/plain;version=0.0.4;q=1.0,*/*;q=0.1', true],
  ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
])('for %s', (_, accept, plain) => {
  expect(wantsPlainText(accept)).toBe(plain);
});

it('plain text names counters as their samples are named, and leaves out what it has no word for', () => {
  const openMetrics = `# HELP calls Calls # of {anything}.
# TYPE calls counter
calls_total{text="a # {b} c"} 3
# HELP waits Waits.
# TYPE waits gauge
waits 1
# HELP late_seconds Late.
# TYPE late_seconds histogram
late_seconds_bucket{le="1"} 2 # {trace_id="0af7651916cd43dd8448eb211c80319c"} 0.5 1700000000.1
late_seconds_count 2
# EOF
`;
  expect(plainText(openMetrics)).toBe(`# HELP calls_total Calls # of {anything}.
# TYPE calls_total counter
calls_total{text="a # {b} c"} 3
# HELP waits Waits.
# TYPE waits gauge
waits 1
# HELP late_seconds Late.
# TYPE late_seconds histogram
late_seconds_bucket{le="1"} 2
late_seconds_count 2
`);
});
