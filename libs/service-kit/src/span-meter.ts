import { createNoopMeter, type Attributes, type Counter, type Meter, type MeterProvider } from '@opentelemetry/api';
import type { SpanResult } from './metrics.js';

/** What the span processor counts: spans that it is done with. Those for which its queue had no room have this error. */
const PROCESSED = 'otel.sdk.processor.span.processed';
const NO_ROOM = 'queue_full';

/** Takes the SDK's metrics of itself: hands on what became of spans, and drops the rest. */
export function spanMeter(onSpans: (result: SpanResult, count: number) => void): MeterProvider {
  const processed: Counter = { add: (count, attributes) => onSpans(resultOf(attributes), count) };
  const silent = createNoopMeter();
  const meter = Object.create(silent) as Meter;
  meter.createCounter = (name) => (name === PROCESSED ? processed : silent.createCounter(name));
  return { getMeter: () => meter };
}

function resultOf(attributes: Attributes | undefined): SpanResult {
  const error = attributes?.['error.type'];
  if (error === undefined) return 'exported';
  return error === NO_ROOM ? 'dropped' : 'failed';
}
