import { compareMetrics } from './compare-metrics.js';
import { readExposition } from './exposition.js';
import { readMetricsPage } from './metrics-page.js';
import { unansweredSelectors } from './unanswered-selectors.js';

const PAGE = `# Metrics

## every service

| metric | type | unit | labels | meaning |
|---|---|---|---|---|
| \`info\` | gauge | – | \`node\` | what runs |

## retry

| \`taken_total\` | counter | records | – | taken |
| \`late_seconds\` | histogram | seconds | \`topic\` | late |
| \`lost_total\` | counter | records | \`bot\` | begins with the first one |

## dedupe

| \`other\` | gauge | keys | – | of another service |
`;
const TEXT = `# HELP info What.
# TYPE info gauge
info{node="v24"} 1
# HELP taken Taken.
# TYPE taken counter
taken_total 3
# TYPE late_seconds histogram
late_seconds_bucket{le="1.0",topic="a}b"} 2 # {trace_id="x"} 0.5 1.5
late_seconds_sum{topic="a}b"} 2
late_seconds_count{topic="a}b"} 2
# TYPE lost counter
# EOF
`;
const compare = (text: string) => compareMetrics('retry', readExposition(text), readMetricsPage(PAGE));

describe('compareMetrics', () => {
  it('has nothing to say when both agree, series that have not begun included', () => {
    expect(compare(TEXT)).toEqual([]);
  });

  it.each([
    ['retry does not export taken_total', TEXT.replace('# TYPE taken counter\ntaken_total 3\n', '')],
    ['docs/metrics.md does not know extra of retry', `${TEXT}# TYPE extra gauge\nextra 1\n`],
    ['retry info: has the labels none, not node', TEXT.replace('{node="v24"}', '')],
    ['retry taken_total: has the labels a, not none', TEXT.replace('taken_total 3', 'taken_total{a="1"} 3')],
    ['retry info: is a summary, not a gauge', TEXT.replace('info gauge', 'info summary')],
  ])('finds: %s', (difference, text) => {
    expect(compare(text)).toEqual([difference]);
  });
});

it('a sample without its declaration is an error', () => {
  expect(() => readExposition('stray 1')).toThrow('a sample of no declared metric: stray 1');
});

it('a row in another form is an error', () => {
  expect(() => readMetricsPage('## retry\n| `a` | gauge | – |\n')).toThrow(
    'docs/metrics.md, retry: no row of a metric',
  );
});

it('finds the selectors that no series answers', () => {
  const rule = { group: 'g', alert: 'A', for: '0m', severity: 'warning', summary: 's', runbook: 'r' };
  const expr =
    'rate(late_seconds_bucket{topic=~"a.*"}[5m]) > 0 and info{node="v23"} == 1 or gone > 0 or lost_total > 0';
  expect(unansweredSelectors([{ ...rule, expr }], readExposition(TEXT))).toEqual([
    'gone',
    'info{node="v23"}',
    'lost_total',
  ]);
});
