import { createRequire } from 'node:module';
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { getRPCMetadata, RPCType, W3CTraceContextPropagator } from '@opentelemetry/core';
import { registerInstrumentations } from '@opentelemetry/instrumentation';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { defaultResource, detectResources, envDetector, serviceInstanceIdDetector } from '@opentelemetry/resources';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import type { TracingConfig } from './config.js';
import { spanExport } from './export-spans.js';
import { shareOfTraces } from './sampling.js';
import { onTelemetry } from './telemetry-state.js';

/**
 * Turns tracing on for this process, from the single parts: `NodeSDK` loads every exporter there is, gRPC included,
 * and costs a quarter of a second more at start.
 */
export function startTracing({ endpoint, sampleRatio }: TracingConfig): void {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const provider = new TracerProvider({
    // No process or host detectors: command lines and owners are nobody's business.
    resource: defaultResource().merge(detectResources({ detectors: [serviceInstanceIdDetector, envDetector] })),
    sampler: shareOfTraces(sampleRatio),
    spanProcessors: [spanExport({ endpoint })],
  });
  trace.setGlobalTracerProvider(provider);
  instrument(provider);
  onTelemetry({ shutdown: () => provider.shutdown(), nameRoute, chooses: () => Math.random() < sampleRatio });
}

/** Makes the span of the request in hand `GET /v1/tickets/:id` instead of `GET`. */
function nameRoute(route: string): void {
  const metadata = getRPCMetadata(context.active());
  if (metadata?.type === RPCType.HTTP) metadata.route = route;
}

function instrument(tracerProvider: TracerProvider): void {
  registerInstrumentations({
    tracerProvider,
    instrumentations: [
      new HttpInstrumentation({
        // The webhook makes its spans by itself (apps/ingress/src/request-span.ts).
        ignoreIncomingRequestHook: ({ url = '' }) => /^\/(health\/|metrics$|telegram\/)/.test(url),
        // The exporter's own requests have no parent.
        requireParentforOutgoingSpans: true,
      }),
      new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true }),
    ],
  });
  // Modules are wrapped when they are required; ESM programs that only import them would go unseen.
  const require = createRequire(import.meta.url);
  require('node:http');
}
