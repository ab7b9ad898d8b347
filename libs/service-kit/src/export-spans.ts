import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { countSpans } from './metrics.js';
import { KeepFailures } from './sampling.js';
import { spanMeter } from './span-meter.js';

/** Where spans go, and how much may wait for it. */
export interface SpanExport {
  /** Base address of the OTLP receiver. */
  readonly endpoint: string;
  /** A burst of records makes spans faster than they leave; what is beyond this is dropped, and counted. Default 8192. */
  readonly maxQueued?: number;
  /** How long one batch of spans is tried. Default: OTEL_EXPORTER_OTLP_TIMEOUT, 10 s. */
  readonly timeoutMs?: number;
}

/** A fifth of the default, so that a trace is complete soon after its request. */
const EXPORT_INTERVAL_MS = 1000;
const MAX_QUEUED_SPANS = 8192;

/**
 * Sends spans to the receiver, one batch at a time, beside the work that makes them: whoever ends a span puts it into a queue of bounded length and
 * goes on, whatever becomes of the receiver.
 */
export function spanExport({ endpoint, maxQueued = MAX_QUEUED_SPANS, timeoutMs }: SpanExport): SpanProcessor {
  return new KeepFailures(
    new BatchSpanProcessor({
      exporter: new OTLPTraceExporter({
        url: `${endpoint.replace(/\/+$/, '')}/v1/traces`,
        ...(timeoutMs === undefined ? {} : { timeoutMillis: timeoutMs }),
      }),
      scheduledDelayMillis: EXPORT_INTERVAL_MS,
      maxQueueSize: maxQueued,
      selfObsMeterProvider: spanMeter(countSpans),
    }),
  );
}
