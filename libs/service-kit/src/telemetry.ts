/**
 * Loaded before the service: `node --import @onceline/service-kit/telemetry dist/main.js`. Without
 * OTEL_EXPORTER_OTLP_ENDPOINT nothing of the SDK is loaded. OTEL_SERVICE_NAME names the service.
 */
import { readTracingConfig } from './config.js';

const tracing = readTracingConfig();
if (tracing !== undefined) {
  const { startTracing } = await import('./tracing.js');
  startTracing(tracing);
}
