import type { RequestListener, Server } from 'node:http';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HealthRegistry } from './health-registry.js';
import { Problem, statusTitle } from './problem.js';
import { sendProblem } from './problem-filter.js';
import { nameRoute } from './telemetry-state.js';

/** Ids in an address may be long (idempotency keys); Fastify's own limit is 100. */
const MAX_PARAM_LENGTH = 512;

const OPTIONS = {
  skipMiddie: true,
  // A request that still comes in on an open connection is answered: what it needs is closed after HTTP.
  return503OnClosing: false,
  routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
  frameworkErrors: refuseAddress,
};

/** Nest on Fastify, with our answers where Fastify would use its own. */
export function createHttpAdapter(
  health: HealthRegistry,
  serverFactory: ((handler: RequestListener) => Server) | undefined,
): FastifyAdapter {
  const adapter =
    serverFactory === undefined ? new FastifyAdapter(OPTIONS) : new FastifyAdapter({ ...OPTIONS, serverFactory });
  const fastify = adapter.getInstance();
  fastify.addHook('onRequest', (request, _reply, done) => {
    nameRoute(request.routeOptions.url);
    done();
  });
  // A caller that is answered during the stop is told not to send more on this connection.
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (health.isShuttingDown()) reply.header('connection', 'close');
    done(null, payload);
  });
  return adapter;
}

/** Addresses that reach no route: broken escapes, parameters that are too long. */
function refuseAddress(
  error: { message: string; statusCode?: number },
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const status = error.statusCode ?? 400;
  const details = { title: statusTitle(status), detail: error.message, field: 'path', fix: 'Correct the address.' };
  sendProblem(reply, new Problem(status, details), request.url.split('?', 1)[0] ?? '/');
}

const SWEEP_MS = 100;

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
