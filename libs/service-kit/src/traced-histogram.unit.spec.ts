import { newMetricsRegistry } from './metrics.js';
import { plainText } from './metrics-format.js';
import { TracedHistogram, sampledTraceId } from './traced-histogram.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('the trace of a traceparent', () => {
  it.each(['01', '03', 'ff'])('is the one that is recorded (flags %s)', (flags) => {
    expect(sampledTraceId(`00-${TRACE}-${SPAN}-${flags}`)).toBe(TRACE);
  });

  it.each([null, undefined, '', 'words', `00-${TRACE}-${SPAN}-00`, `00-${TRACE}-${SPAN}-02`, `00-${TRACE}-${SPAN}`])(
    'is none of %s',
    (traceparent) => expect(sampledTraceId(traceparent)).toBeUndefined(),
  );
});

async function shown() {
  const registry = newMetricsRegistry();
  const histogram = new TracedHistogram(registry, { name: 'spec_seconds', help: 'Of a spec.', buckets: [0.1, 1] });
  histogram.observe(0.5, TRACE);
  histogram.observe(0.5);
  histogram.observe(30, TRACE);
  return registry.metrics();
}

it('names a trace for each bucket that has one, and keeps it when an untraced one comes', async () => {
  const lines = (await shown()).split('\n').filter((line) => line.startsWith('spec_seconds_bucket'));
  const exemplar = (value: number) => `# \\{trace_id="${TRACE}"\\} ${value} \\d+(\\.\\d+)?$`;
  expect(lines).toEqual([
    'spec_seconds_bucket{le="0.1"} 0',
    expect.stringMatching(new RegExp(`^spec_seconds_bucket\\{le="1"\\} 2 ${exemplar(0.5)}`)),
    expect.stringMatching(new RegExp(`^spec_seconds_bucket\\{le="\\+Inf"\\} 3 ${exemplar(30)}`)),
  ]);
});

it('has none of them in plain text, which has no room for them', async () => {
  const text = plainText(await shown());
  expect(text).toContain('\nspec_seconds_bucket{le="1"} 2\n');
  expect(text).not.toContain(TRACE);
});
