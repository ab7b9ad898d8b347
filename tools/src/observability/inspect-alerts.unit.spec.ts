import { inspectAlerts } from './inspect-alerts.js';
import type { DocumentedMetric } from './metrics-page.js';
import type { AlertRule } from './rule-file.js';

const metric = (name: string, type: string, ...labels: string[]): DocumentedMetric => ({
  section: 'x',
  name,
  type,
  unit: 'records',
  labels,
  meaning: 'm',
});
const METRICS = [metric('waiting', 'gauge', 'topic'), metric('late_seconds', 'histogram', 'topic')];
const RULE: AlertRule = {
  group: 'g',
  alert: 'Late',
  expr: 'histogram_quantile(0.9, sum by (le, topic) (rate(late_seconds_bucket{topic="a"}[5m]))) > 1 and waiting > 0',
  for: '5m',
  severity: 'warning',
  summary: 's',
  runbook: 'docs/runbooks.md#late',
};
const TESTS = [
  { alert: 'Late', fires: true },
  { alert: 'Late', fires: false },
];

const inspect = (rule: Partial<AlertRule>, tests = TESTS) =>
  inspectAlerts([{ ...RULE, ...rule }], {
    metrics: METRICS,
    tests,
    page: (path) => (path === 'docs/runbooks.md' ? '# Runbooks\n\n## Late\n\n## 7. What to alert on\n' : undefined),
  });

describe('inspectAlerts', () => {
  it('has nothing against a rule that is in order', () => {
    expect(inspect({})).toEqual([]);
    expect(inspect({ runbook: 'docs/runbooks.md#7-what-to-alert-on' })).toEqual([]);
  });

  it.each<[string, Partial<AlertRule>]>([
    ['Late: docs/metrics.md does not know wating', { expr: 'wating > 0' }],
    // Only a histogram has buckets.
    ['Late: docs/metrics.md does not know waiting_bucket', { expr: 'waiting_bucket > 0' }],
    ['Late: waiting has no label tpoic', { expr: 'waiting{tpoic="a"} > 0' }],
    ['Late: no metric in it has the label bot', { expr: 'sum by (bot) (waiting) > 0' }],
    ['Late: asks for no metric', { expr: 'vector(1)' }],
    ['Late: page is no severity', { severity: 'page' }],
    ['Late: no section docs/runbooks.md#nowhere', { runbook: 'docs/runbooks.md#nowhere' }],
    ['Late: no section docs/none.md#late', { runbook: 'docs/none.md#late' }],
  ])('finds: %s', (fault, rule) => {
    expect(inspect(rule)).toEqual([fault]);
  });

  it('finds a test that is missing, in either direction, and one of no alert', () => {
    expect(inspect({}, TESTS.slice(1))).toEqual(['Late: no unit test in which it fires']);
    expect(inspect({}, TESTS.slice(0, 1))).toEqual(['Late: no unit test in which it does not fire']);
    expect(inspect({}, [...TESTS, { alert: 'Gone', fires: true }])).toEqual(['a test names Gone, which is no alert']);
  });

  it('finds an alert that is there twice', () => {
    const page = () => '## Late';
    expect(inspectAlerts([RULE, RULE], { metrics: METRICS, tests: TESTS, page })).toEqual(['Late is there twice']);
  });
});
