import { parseTraceparent } from '@onceline/contracts';
import { Histogram } from 'prom-client';
import type { MetricsRegistry } from './metrics.js';

/** What a {@link TracedHistogram} shows, in seconds. */
export interface TracedHistogramOptions {
  readonly name: string;
  readonly help: string;
  readonly buckets: readonly number[];
}

/** A histogram of seconds that names, for each bucket, a trace which shows where such a time went (an OpenMetrics exemplar). */
export class TracedHistogram {
  private readonly histogram: Histogram<'trace_id'>;

  constructor(registry: MetricsRegistry, { name, help, buckets }: TracedHistogramOptions) {
    this.histogram = new Histogram({ name, help, buckets: [...buckets], enableExemplars: true, registers: [registry] });
  }

  /** @param traceId of a trace that is recorded; a bucket keeps the one it has when there is none */
  observe(seconds: number, traceId?: string): void {
    const exemplar = traceId === undefined ? {} : { exemplarLabels: { trace_id: traceId } };
    this.histogram.observe({ value: seconds, ...exemplar });
  }
}

const RECORDED = 1;

/** The trace of a W3C `traceparent`, if it is recorded: nobody finds any other. */
export function sampledTraceId(traceparent: string | null | undefined): string | undefined {
  const parent = parseTraceparent(traceparent);
  return parent !== undefined && (parent.flags & RECORDED) !== 0 ? parent.traceId : undefined;
}
