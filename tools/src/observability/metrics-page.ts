/** One row of docs/metrics.md. */
export interface DocumentedMetric {
  /** Heading of the section: a service, or what else the row belongs to. */
  readonly section: string;
  readonly name: string;
  readonly type: string;
  readonly unit: string;
  readonly labels: readonly string[];
  readonly meaning: string;
}

/** Rows that every service answers for. */
export const EVERY_SERVICE = 'every service';

const ROW = /^\| `([a-z][a-z0-9_]*)` \| (counter|gauge|histogram) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/;

/** Reads the tables of docs/metrics.md; a row in another shape is an error, not a row less. */
export function readMetricsPage(page: string): readonly DocumentedMetric[] {
  const [, ...sections] = page.split(/^## /m);
  return sections.flatMap((text) => {
    const [section = '', ...lines] = text.split('\n');
    return lines.filter((line) => line.startsWith('| `')).map((line) => readRow(section, line));
  });
}

function readRow(section: string, line: string): DocumentedMetric {
  const [, name = '', type = '', unit = '', labels = '', meaning = ''] = ROW.exec(line) ?? [];
  if (name === '') throw new Error(`docs/metrics.md, ${section}: no row of a metric: ${line}`);
  return { section, name, type, unit, labels: labels === '–' ? [] : labels.replaceAll('`', '').split(', '), meaning };
}
