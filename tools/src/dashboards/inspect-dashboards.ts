import { inspectMetrics } from '../observability/inspect-alerts.js';
import { remainingLabels, selectorsOf } from '../observability/expression.js';
import type { DocumentedMetric } from '../observability/metrics-page.js';
import { UNITS } from './dashboard.js';
import { picturesOf, type FileDashboard, type FilePanel, type FileTarget } from './read-dashboard.js';

const COLUMNS = 24;
/** Made by Prometheus of its rules. Its name is in capitals, so that docs/metrics.md has no row for it. */
const ALERTS: DocumentedMetric = {
  section: 'Made by Prometheus',
  name: 'ALERTS',
  type: 'gauge',
  unit: '–',
  labels: ['alertname', 'alertstate', 'severity'],
  meaning: '1 while an alert is pending or fires',
};

/** All that is wrong with the dashboards, as sentences; empty when nothing is. */
export function inspectDashboards(
  dashboards: readonly FileDashboard[],
  documented: readonly DocumentedMetric[],
): readonly string[] {
  const metrics = [...documented, ALERTS];
  return [
    ...twice(dashboards.map(({ uid }) => uid)).map((uid) => `two dashboards have the uid ${uid}`),
    ...twice(dashboards.map(({ title }) => title)).map((title) => `two dashboards are called ${title}`),
    ...dashboards.flatMap((dashboard) =>
      [
        ...inspectHead(dashboard),
        ...inspectPlaces(dashboard),
        ...picturesOf(dashboard).flatMap((panel) =>
          inspectPanel(panel, metrics).map((fault) => `${panel.title ?? panel.id}: ${fault}`),
        ),
      ].map((fault) => `${dashboard.uid}: ${fault}`),
    ),
  ];
}

function inspectHead({ uid, description, tags, editable, templating, panels }: FileDashboard): string[] {
  const faults: string[] = [];
  if (!/^onceline-[a-z-]{1,31}$/.test(uid)) faults.push('its uid is not onceline-…');
  if (!isSentence(description)) faults.push('no description');
  if (!tags.includes('onceline')) faults.push('no tag onceline, so that the others do not link to it');
  if (editable) faults.push('editable, though its file would overwrite what was edited');
  if (
    !templating.list.some(({ name, type, query }) => `${type} ${name} ${query}` === 'datasource datasource prometheus')
  )
    faults.push('no variable to choose the data source by');
  for (const id of twice(panels.map((panel) => String(panel.id)))) faults.push(`two panels have the id ${id}`);
  const titles = panels.map((panel) => panel.title ?? '');
  for (const title of twice(titles)) faults.push(`two panels are called ${title}`);
  return faults;
}

function inspectPlaces({ panels }: FileDashboard): string[] {
  const outside = panels.filter(({ gridPos: { x, w } }) => x < 0 || x + w > COLUMNS);
  const hidden = panels.filter((panel, index) => panels.slice(0, index).some((other) => overlap(panel, other)));
  return [
    ...outside.map(({ title }) => `${title} is outside the ${COLUMNS} columns`),
    ...hidden.map(({ title }) => `${title} lies on another panel`),
  ];
}

function overlap({ gridPos: a }: FilePanel, { gridPos: b }: FilePanel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

function inspectPanel(panel: FilePanel, metrics: readonly DocumentedMetric[]): string[] {
  const { title, description, datasource, fieldConfig, targets = [], type, options } = panel;
  const faults: string[] = [];
  if (!title) faults.push('no title');
  if (!isSentence(description)) faults.push('no description in sentences');
  if (!isOurs(datasource)) faults.push('does not use the variable of the data source');
  if (!(UNITS as readonly (string | undefined)[]).includes(fieldConfig?.defaults?.unit)) faults.push('no known unit');
  if (type === 'timeseries' && options?.legend?.showLegend !== true) faults.push('no legend');
  if (targets.length === 0) faults.push('asks nothing');
  for (const ref of twice(targets.map(({ refId }) => refId))) faults.push(`two queries are called ${ref}`);
  for (const [, ref = ''] of (description ?? '').matchAll(/^([A-Z]) may be empty: /gm))
    if (!targets.some(({ refId }) => refId === ref)) faults.push(`${ref} may be empty, but there is no such query`);
  return [
    ...faults,
    ...targets.flatMap((target) => inspectTarget(target, metrics).map((fault) => `query ${target.refId}: ${fault}`)),
  ];
}

function inspectTarget({ expr, legendFormat, datasource }: FileTarget, metrics: readonly DocumentedMetric[]): string[] {
  const faults = selectorsOf(expr).length === 0 ? ['asks for no metric'] : [];
  if (!isOurs(datasource)) faults.push('does not use the variable of the data source');
  if (/\bi?rate\([^[]*\[(?!\$__rate_interval\])/.test(expr)) faults.push('a rate without $__rate_interval');
  for (const name of countersWithoutRange(expr, metrics)) faults.push(`the bare counter ${name} says nothing`);
  if (!legendFormat || legendFormat.includes('__auto')) faults.push('no legend');
  const labels = remainingLabels(expr);
  for (const [, label = ''] of (legendFormat ?? '').matchAll(/\{\{(\w*)\}\}/g))
    if (labels !== undefined && !labels.includes(label)) faults.push(`its series have no label ${label}`);
  return [...faults, ...inspectMetrics(expr, metrics)];
}

function countersWithoutRange(expr: string, metrics: readonly DocumentedMetric[]): string[] {
  const bare = new RegExp(String.raw`\b([a-z][a-z0-9_]*)\b(?:\{[^}]*\})?(?!\w|\{|\s*\[)`, 'g');
  const names = [...expr.matchAll(bare)].map(([, name = '']) => name);
  return names.filter((name) => metrics.some((metric) => metric.type === 'counter' && metric.name === name));
}

function isOurs(datasource: FilePanel['datasource']): boolean {
  return datasource?.type === 'prometheus' && datasource.uid === '${datasource}';
}

function isSentence(text: string | undefined): boolean {
  return text !== undefined && /^[A-Z0-9].*\.$/s.test(text);
}

function twice(values: readonly string[]): string[] {
  return [...new Set(values.filter((value, index) => values.indexOf(value) !== index))];
}
