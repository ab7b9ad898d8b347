/** Units of Grafana that are used here: `cps` counts per second, `reqps` requests per second. */
export const UNITS = ['short', 'none', 's', 'bytes', 'percentunit', 'reqps', 'cps'] as const;
export type Unit = (typeof UNITS)[number];

/** One question to Prometheus. */
export interface Query {
  /** PromQL; a rate has the range `$__rate_interval`. */
  readonly expr: string;
  /** What a series is called, with its labels as `{{label}}`. */
  readonly legend: string;
  /** Shows dots that lead to a trace. */
  readonly exemplars?: boolean;
  /** Why nothing may come back although all is well. */
  readonly mayBeEmpty?: string;
}

/** One picture. */
export interface Panel {
  readonly title: string;
  /** What it says, and what to think of it. */
  readonly description: string;
  readonly unit: Unit;
  /** A figure shows the last value, a table one row for each series. Default: lines over time. */
  readonly shape?: 'lines' | 'figure' | 'table';
  readonly queries: readonly Query[];
  /** A figure that is this high or higher is red. */
  readonly redFrom?: number;
  /** A figure below this one is red. */
  readonly redBelow?: number;
  /** Words for values, e.g. of a state. */
  readonly words?: Readonly<Record<number, string>>;
}

/** Panels under one heading. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** One dashboard; its file is `deploy/observability/dashboards/<name>.json`. */
export interface Dashboard {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly rows: readonly Row[];
}

/** `sum by (…) (rate(…))`, or without labels the sum of all. */
export function rate(selector: string, ...by: readonly string[]): string {
  return `sum${by.length > 0 ? ` by (${by.join(', ')}) ` : ''}(rate(${selector}[$__rate_interval]))`;
}

/** The increase of a counter within a day, as a whole number: Prometheus extrapolates. */
export function inADay(selector: string, ...by: readonly string[]): string {
  return `round(sum${by.length > 0 ? ` by (${by.join(', ')}) ` : ''}(increase(${selector}[1d])))`;
}

/** Median, 95th and 99th percentile of a histogram, each by the labels given. */
export function percentiles(histogram: string, options: { by?: string; exemplars?: boolean } = {}): readonly Query[] {
  const { by, exemplars = false } = options;
  return [50, 95, 99].map((percent) => ({
    expr: `histogram_quantile(${percent / 100}, ${rate(`${histogram}_bucket`, 'le', ...(by ? [by] : []))})`,
    legend: by ? `p${percent} {{${by}}}` : `p${percent}`,
    // One query shows them all.
    ...(exemplars && percent === 99 ? { exemplars } : {}),
  }));
}
