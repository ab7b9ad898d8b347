import { createRequire } from 'node:module';
import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { OpenMetricsContentType } from 'prom-client';

/** OpenMetrics, so that histograms may carry exemplars. */
export type MetricsRegistry = Registry<OpenMetricsContentType>;

/** A registry as every service has one. */
export function newMetricsRegistry(): MetricsRegistry {
  const registry: MetricsRegistry = new Registry<OpenMetricsContentType>();
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry;
}

/** Everything that /metrics shows. */
export const metricsRegistry: MetricsRegistry = newMetricsRegistry();

/** The version of the workspace, which every service shares. */
const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

/** What became of a recorded span: taken by the receiver, given up by the exporter, never given to it because too many waited. */
const SPAN_RESULTS = ['exported', 'failed', 'dropped'] as const;
/** See {@link countSpans}. */
export type SpanResult = (typeof SPAN_RESULTS)[number];

const spans = new Counter({
  name: 'onceline_spans_total',
  help: 'Recorded spans by what became of them.',
  labelNames: ['result'] as const,
  registers: [metricsRegistry],
});
for (const result of SPAN_RESULTS) spans.inc({ result }, 0);

/** Spans have left this process, or never will. */
export function countSpans(result: SpanResult, count: number): void {
  spans.inc({ result }, count);
}

const measured = new Gauge({
  name: 'onceline_measured_timestamp_seconds',
  help: 'When this was last measured; figures stand still while it fails.',
  labelNames: ['work'] as const,
  registers: [metricsRegistry],
});

/** So that an alert can tell "not yet" from "not asked". */
export function neverMeasured(work: string): void {
  measured.set({ work }, 0);
}

/** A measurement has succeeded. */
export function measuredNow(work: string): void {
  measured.set({ work }, Date.now() / 1000);
}

let started = false;

/** Process metrics (memory, CPU, event-loop delay, garbage collection) and `onceline_build_info`; once per process. */
export function startProcessMetrics(service: string): void {
  if (started) return;
  started = true;
  collectDefaultMetrics({ register: metricsRegistry as unknown as Registry });
  new Gauge({
    name: 'onceline_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['service', 'version', 'node'] as const,
    registers: [metricsRegistry],
  }).set({ service, version, node: process.version }, 1);
}
