/** One series, without its value. */
export type Series = Readonly<Record<string, string>>;

/** One metric as a service exports it. */
export interface ExportedMetric {
  /** As it is asked for: a counter with `_total`, a histogram without `_bucket`. */
  readonly name: string;
  readonly type: string;
  readonly series: readonly Series[];
}

const SUFFIX = /_(bucket|sum|count)$/;

/** Reads OpenMetrics text as prom-client writes it. */
export function readExposition(text: string): readonly ExportedMetric[] {
  const metrics = new Map<string, { name: string; type: string; series: Series[] }>();
  for (const line of text.split('\n')) {
    const [, family = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (family !== '') {
      const name = type === 'counter' ? `${family}_total` : family;
      metrics.set(name, { name, type, series: [] });
    } else if (line !== '' && !line.startsWith('#')) {
      const { name, labels } = readSample(line);
      const metric = metrics.get(name) ?? metrics.get(name.replace(SUFFIX, ''));
      if (!metric) throw new Error(`a sample of no declared metric: ${line}`);
      metric.series.push(labels);
    }
  }
  return [...metrics.values()];
}

function readSample(line: string): { name: string; labels: Series } {
  const [, name = '', labels = ''] = /^([a-z][a-z0-9_]*)(?:\{(.*?)\})? \S+/.exec(line) ?? [];
  if (name === '') throw new Error(`not a sample: ${line}`);
  const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', value = '']) => [
    label,
    value,
  ]);
  return { name, labels: Object.fromEntries(pairs) as Series };
}

/** Labels of a metric that its series have, without those that its type adds. */
export function labelsOf({ series }: ExportedMetric): readonly string[] {
  return [...new Set(series.flatMap((labels) => Object.keys(labels)))].filter((label) => label !== 'le');
}
