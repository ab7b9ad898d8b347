import { groupingLabels, selectorsOf } from './expression.js';
import type { DocumentedMetric } from './metrics-page.js';
import type { AlertRule, AlertTest } from './rule-file.js';

/** `critical`: loss is near or has happened, somebody gets up. `warning`: somebody looks in working hours. */
export const SEVERITIES = ['critical', 'warning'];

/** Labels that Prometheus adds to a target, or a histogram to its buckets. */
const OTHER_LABELS = ['job', 'instance', 'le'];
const SUFFIXES = ['_bucket', '_sum', '_count'];

/** What the rules are held against. */
export interface AlertSurroundings {
  readonly metrics: readonly DocumentedMetric[];
  readonly tests: readonly AlertTest[];
  /** The text of a page, or undefined when there is none. */
  readonly page: (path: string) => string | undefined;
}

/** All that is wrong with the rules, as sentences; empty when nothing is. */
export function inspectAlerts(rules: readonly AlertRule[], surroundings: AlertSurroundings): readonly string[] {
  const names = rules.map(({ alert }) => alert);
  return [
    ...names.filter((name, index) => names.indexOf(name) !== index).map((name) => `${name} is there twice`),
    ...surroundings.tests
      .filter(({ alert }) => !names.includes(alert))
      .map(({ alert }) => `a test names ${alert}, which is no alert`),
    ...rules.flatMap((rule) => inspect(rule, surroundings).map((fault) => `${rule.alert}: ${fault}`)),
  ];
}

function inspect(rule: AlertRule, { metrics, tests, page }: AlertSurroundings): string[] {
  const { alert, expr, severity, runbook } = rule;
  const faults = selectorsOf(expr).length === 0 ? ['asks for no metric'] : [];
  if (!SEVERITIES.includes(severity)) faults.push(`${severity} is no severity`);
  for (const fires of [true, false])
    if (!tests.some((test) => test.alert === alert && test.fires === fires))
      faults.push(`no unit test in which it ${fires ? 'fires' : 'does not fire'}`);
  const [path = '', anchor = ''] = runbook.split('#');
  if (!anchorsOf(page(path) ?? '').includes(anchor)) faults.push(`no section ${runbook}`);
  return [...faults, ...inspectMetrics(expr, metrics)];
}

/** Metrics of an expression that docs/metrics.md does not know, and labels that they do not have. */
export function inspectMetrics(expr: string, metrics: readonly DocumentedMetric[]): string[] {
  const faults: string[] = [];
  const known = new Set(OTHER_LABELS);
  for (const { name, matchers } of selectorsOf(expr)) {
    const metric = metrics.find(
      (row) => row.name === name || SUFFIXES.some((suffix) => histogramOf(row) + suffix === name),
    );
    if (!metric) faults.push(`docs/metrics.md does not know ${name}`);
    const labels = [...(metric?.labels ?? []), ...OTHER_LABELS];
    for (const label of labels) known.add(label);
    for (const { label } of matchers) if (!labels.includes(label)) faults.push(`${name} has no label ${label}`);
  }
  for (const label of groupingLabels(expr))
    if (!known.has(label)) faults.push(`no metric in it has the label ${label}`);
  return faults;
}

function histogramOf({ type, name }: DocumentedMetric): string {
  return type === 'histogram' ? name : '';
}

/** The anchors of a page's headings, as Git hosts make them. */
function anchorsOf(page: string): string[] {
  const headings = [...page.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
