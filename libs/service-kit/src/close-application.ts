import type { Server } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { HealthRegistry } from './health-registry.js';

const SWEEP_MS = 100;

/** A caller that is answered during the stop is told not to send more on this connection. */
export function endConnectionsOnStop(app: NestFastifyApplication, health: HealthRegistry): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onSend', (_request, reply, payload, done) => {
      if (health.isShuttingDown()) reply.header('connection', 'close');
      done(null, payload);
    });
}

/**
 * Closes the application with its HTTP server. `server.close()` drops the connections that are idle at that moment;
 * one that becomes idle later would hold the stop for the whole keep-alive time, so they are swept until the end.
 */
export async function closeApplication(app: NestFastifyApplication): Promise<void> {
  const server: Server = app.getHttpServer();
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
  try {
    await app.close();
  } finally {
    clearInterval(sweep);
  }
}
