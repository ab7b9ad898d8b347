import { createRequire } from 'node:module';
import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { OpenMetricsContentType } from 'prom-client';

/** Everything that /metrics shows. OpenMetrics, so that histograms may carry exemplars. */
export const metricsRegistry: Registry<OpenMetricsContentType> = new Registry<OpenMetricsContentType>();
metricsRegistry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);

/** The version of the workspace, which every service shares. */
const { version } = createRequire(import.meta.url)('../package.json') as { version: string };

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
