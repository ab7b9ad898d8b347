import { runService, type RunningService } from '@onceline/service-kit';
import { AppModule } from './app.module.js';
import type { IngressConfig } from './config.js';
import { DoorServer } from './door-server.js';

/**
 * Starts the ingress. Nest wires it, watches it and serves health and metrics; webhook requests go from the HTTP server
 * straight to the door, which is several times cheaper than a route of the framework.
 */
export function runIngress(
  config: IngressConfig,
  options: { exit?: (code: number) => void } = {},
): Promise<RunningService> {
  const server = new DoorServer({ receiveTimeoutMs: config.RECEIVE_TIMEOUT_MS, keepAliveMs: config.KEEP_ALIVE_MS });
  return runService({
    ...options,
    name: 'ingress',
    config,
    module: (kit) => AppModule.of(config, kit, server),
    serverFactory: (handler) => server.create(handler),
    beforeClose: [() => server.drain()],
  });
}
