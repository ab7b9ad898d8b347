import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import { BatchSpanProcessor, TracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { SpanResult } from './metrics.js';
import { spanMeter } from './span-meter.js';

/** What the SDK itself counts of five spans that end in one turn: two are under way at once, two more have room. */
async function counted(answer: ExportResult): Promise<Partial<Record<SpanResult, number>>> {
  const counts: Partial<Record<SpanResult, number>> = {};
  const exporter: SpanExporter = {
    export: (_, done) => void setImmediate(() => done(answer)),
    shutdown: async () => undefined,
  };
  const processor = new BatchSpanProcessor({
    exporter,
    maxQueueSize: 2,
    selfObsMeterProvider: spanMeter((result, count) => (counts[result] = (counts[result] ?? 0) + count)),
  });
  const provider = new TracerProvider({ spanProcessors: [processor] });
  const tracer = provider.getTracer('spec');
  for (let n = 0; n < 5; n += 1) tracer.startSpan(`span ${n}`).end();
  await provider.forceFlush().catch(() => undefined);
  await provider.shutdown();
  return counts;
}

it('spans that left are exported, and what the queue has no room for is dropped', async () => {
  expect(await counted({ code: ExportResultCode.SUCCESS })).toEqual({ exported: 4, dropped: 1 });
});

it('spans that the exporter gave up have failed', async () => {
  const error = new Error('the receiver is away');
  expect(await counted({ code: ExportResultCode.FAILED, error })).toEqual({ failed: 4, dropped: 1 });
});
