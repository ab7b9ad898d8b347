import { labelsOf, type ExportedMetric } from './exposition.js';
import { EVERY_SERVICE, type DocumentedMetric } from './metrics-page.js';

/** What one service exports and docs/metrics.md does not say, or the other way round; empty when both agree. */
export function compareMetrics(
  service: string,
  exported: readonly ExportedMetric[],
  page: readonly DocumentedMetric[],
): readonly string[] {
  const rows = page.filter(({ section }) => section === service || section === EVERY_SERVICE);
  const documented = new Map(rows.map((row) => [row.name, row]));
  const names = new Set(exported.map(({ name }) => name));
  return [
    ...rows.filter(({ name }) => !names.has(name)).map(({ name }) => `${service} does not export ${name}`),
    ...exported.flatMap((metric) => {
      const row = documented.get(metric.name);
      if (!row) return [`docs/metrics.md does not know ${metric.name} of ${service}`];
      return differences(row, metric).map((difference) => `${service} ${metric.name}: ${difference}`);
    }),
  ];
}

function differences(row: DocumentedMetric, metric: ExportedMetric): string[] {
  const found: string[] = [];
  if (row.type !== metric.type) found.push(`is a ${metric.type}, not a ${row.type}`);
  const labels = [...labelsOf(metric)].sort().join(', ');
  // Without a series nobody can see the labels.
  if (metric.series.length > 0 && labels !== [...row.labels].sort().join(', '))
    found.push(`has the labels ${labels || 'none'}, not ${row.labels.join(', ') || 'none'}`);
  return found;
}
