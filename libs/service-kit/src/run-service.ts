import 'reflect-metadata';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { CustomTransportStrategy } from '@nestjs/microservices';
import type { FastifyAdapter, NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ConsumerHandle } from '@onceline/kafka';
import { connectTransport } from './connect-transport.js';
import { HealthRegistry } from './health-registry.js';
import { closeApplication, createHttpAdapter } from './http-adapter.js';
import { KafkaTransport } from './kafka-transport.js';
import { createLogger, NestLogger, type Logger } from './logger.js';
import { startProcessMetrics } from './metrics.js';
import type { OpenApiDocument } from './open-api.js';
import { runStopSteps, type StopStep } from './ordered-stop.js';
import { ProblemFilter } from './problem-filter.js';
import { watchProcess } from './process-watch.js';
import { ServiceModule } from './service.module.js';
import { StartRefused } from './start-refused.js';
import { shutdownTelemetry } from './telemetry-state.js';

/** What a service's own parts get from the kit. */
export interface ServiceKit {
  readonly logger: Logger;
  readonly health: HealthRegistry;
  /** Logs, fails liveness and ends the process with 1. For what only a restart mends; safe to call twice. */
  readonly fatal: (error: unknown) => void;
}

/** All that makes one service different from another. */
export interface ServiceOptions {
  readonly name: string;
  readonly config: {
    readonly PORT: number;
    readonly HOST: string;
    readonly LOG_LEVEL: string;
    readonly SHUTDOWN_TIMEOUT_MS: number;
  };
  /** The service's wiring. Providers close pools and producers in `onApplicationShutdown`: before that, requests and batches in hand still need them. */
  module(kit: ServiceKit): DynamicModule | Type | Promise<DynamicModule | Type>;
  /** Where records come from. A {@link KafkaTransport} also becomes the readiness check `consumer`. */
  transport?(app: INestApplicationContext, kit: ServiceKit): CustomTransportStrategy;
  /** Makes the HTTP server itself, e.g. to set time limits; `app()` may be called once the first request is there. */
  readonly serverFactory?: (handler: RequestListener, app: () => INestApplicationContext) => Server;
  /** Served at /docs and /docs/openapi.json. */
  readonly docs?: OpenApiDocument;
  /** Run in this order after readiness went down and before the consumer stops, e.g. to refuse new work. */
  readonly beforeClose?: readonly ((app: INestApplicationContext) => void | Promise<unknown>)[];
  /** How the process ends; for tests that run a service inside themselves. */
  exit?(code: number): void;
}

/** A service that takes work. */
export interface RunningService {
  readonly url: string;
  readonly app: NestFastifyApplication;
  readonly health: HealthRegistry;
  /** The ordered stop, without ending the process. Throws when a step failed or time ran out. May be called again. */
  stop(): Promise<void>;
}

/**
 * Starts a service: HTTP first (so that probes are answered while the consumer joins its group), then the transport.
 * Stops on SIGTERM, SIGINT and SIGHUP in the order readiness, `beforeClose`, consumer, HTTP, `onApplicationShutdown`,
 * telemetry, and exits 0; 1 when that fails or takes longer than SHUTDOWN_TIMEOUT_MS.
 * @throws StartRefused when the port cannot be had or the wiring is incomplete.
 */
export async function runService(options: ServiceOptions): Promise<RunningService> {
  const service = new Service(options);
  return service.start();
}

class Service {
  private readonly health = new HealthRegistry();
  private readonly logger: Logger;
  private readonly kit: ServiceKit;
  private readonly unwatch: () => void;
  private app: NestFastifyApplication | undefined;
  private transport: CustomTransportStrategy | undefined;
  private stopping: Promise<void> | undefined;
  private ended = false;
  private failed = false;

  constructor(private readonly options: ServiceOptions) {
    this.logger = createLogger(options.name, options.config.LOG_LEVEL);
    this.kit = { logger: this.logger, health: this.health, fatal: (error) => this.fatal(error) };
    this.unwatch = watchProcess({
      onSignal: (signal) => void this.terminate(signal),
      onError: (error) => this.fatal(error),
    });
  }

  async start(): Promise<RunningService> {
    startProcessMetrics(this.options.name);
    this.health.readiness('start', () => 'the service is starting');
    try {
      const app = await this.createApp();
      const url = await this.listen(app);
      await app.startAllMicroservices();
      this.health.readiness('start', () => undefined);
      return { url, app, health: this.health, stop: () => this.stop() };
    } catch (error) {
      await this.stop().catch((stopError: unknown) =>
        this.logger.error({ err: stopError }, 'stop after a failed start'),
      );
      throw error;
    }
  }

  private async createApp(): Promise<NestFastifyApplication> {
    const { options, health, kit } = this;
    const root = ServiceModule.of({
      service: await options.module(kit),
      health,
      ...(options.docs === undefined ? {} : { docs: options.docs }),
    });
    const app = await NestFactory.create<NestFastifyApplication>(root, this.createAdapter(), {
      logger: new NestLogger(this.logger),
      abortOnError: false,
    });
    this.app = app;
    app.useGlobalFilters(new ProblemFilter(this.logger));
    await app.init();
    if (options.transport !== undefined) this.connect(app, options.transport(app, kit));
    return app;
  }

  private createAdapter(): FastifyAdapter {
    const { serverFactory } = this.options;
    return createHttpAdapter(
      this.health,
      serverFactory && ((handler) => serverFactory(handler, () => this.runningApp())),
    );
  }

  private runningApp(): NestFastifyApplication {
    if (this.app === undefined) throw new Error('The application is not there yet.');
    return this.app;
  }

  private connect(app: NestFastifyApplication, transport: CustomTransportStrategy): void {
    this.transport = transport;
    connectTransport(app, transport);
    if (!(transport instanceof KafkaTransport)) return;
    const consumer = transport.consumer();
    this.health.readiness('consumer', () => consumerTrouble(consumer));
  }

  private async listen(app: NestFastifyApplication): Promise<string> {
    const { PORT, HOST } = this.options.config;
    try {
      await app.listen(PORT, HOST);
    } catch (error) {
      throw refusedAddress(error, PORT, HOST) ?? error;
    }
    const url = addressOf(app.getHttpServer().address() as AddressInfo);
    // Whoever starts the service waits for this line, so that no log level may hide it.
    this.logger.child({}, { level: 'info' }).info({ url }, 'listening');
    return url;
  }

  private stop(): Promise<void> {
    this.stopping ??= this.stopOnce();
    return this.stopping;
  }

  private async stopOnce(): Promise<void> {
    const report = await runStopSteps(this.stopSteps(), this.options.config.SHUTDOWN_TIMEOUT_MS);
    this.unwatch();
    for (const { step, error } of report.failures) this.logger.error({ err: error, step }, 'a step of the stop failed');
    if (report.timedOutIn !== undefined) throw new Error(`The stop hung in step "${report.timedOutIn}"`);
    if (report.failures.length > 0) throw new Error(`${report.failures.length} steps of the stop failed`);
  }

  private stopSteps(): StopStep[] {
    const { app, options } = this;
    return [
      { name: 'readiness', run: () => this.health.shuttingDown() },
      ...(app === undefined ? [] : (options.beforeClose ?? [])).map((run, index) => ({
        name: `beforeClose ${index + 1}`,
        run: () => run(this.runningApp()),
      })),
      { name: 'consumer', run: () => this.transport?.close() as Promise<unknown> | undefined },
      { name: 'application', run: () => (app === undefined ? undefined : closeApplication(app)) },
      { name: 'telemetry', run: () => shutdownTelemetry() },
    ];
  }

  private async terminate(signal: string): Promise<void> {
    if (this.ended) return;
    this.ended = true;
    this.logger.info({ signal }, 'stopping');
    const code = await this.stop().then(
      () => (this.failed ? 1 : 0),
      (error: unknown) => {
        this.logger.error({ err: error }, 'the stop was not clean');
        return 1;
      },
    );
    this.logger.info({ code }, 'stopped');
    this.exit(code);
  }

  private fatal(error: unknown): void {
    this.logger.fatal({ err: error }, 'the process cannot go on');
    this.failed = true;
    if (this.ended) return;
    this.health.liveness('fatal', () => (error instanceof Error ? error.message : String(error)));
    this.ended = true;
    void shutdownTelemetry(FATAL_FLUSH_MS)
      .catch((flushError: unknown) => this.logger.error({ err: flushError }, 'spans could not be sent'))
      .finally(() => this.exit(1));
  }

  private exit(code: number): void {
    this.unwatch();
    (this.options.exit ?? process.exit)(code);
  }
}

/** Why a consumer is not ready; undefined when it is. */
function consumerTrouble(consumer: ConsumerHandle): string | undefined {
  if (consumer.isReady()) return undefined;
  const assigned = consumer.assignment();
  const restoring = assigned.filter(({ state }) => state === 'restoring').length;
  if (restoring > 0) return `${restoring} of ${assigned.length} partitions are being restored`;
  return 'the consumer has not joined its group';
}

/** A dead consumer must not look alive for long; its last spans are worth a moment. */
const FATAL_FLUSH_MS = 500;

/** The sentence for an address that cannot be listened on; undefined when the error is another one. */
function refusedAddress(error: unknown, port: number, host: string): StartRefused | undefined {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new StartRefused(
        `PORT=${port}: another process listens on ${host}:${port}. Fix: set PORT to a free port, or to 0 for any.`,
      );
    case 'EACCES':
      return new StartRefused(`PORT=${port}: this user may not listen on it. Fix: set PORT to 1024 or above.`);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new StartRefused(`HOST=${host}: this machine has no such address. Fix: set HOST to 127.0.0.1 or 0.0.0.0.`);
    default:
      return undefined;
  }
}

/** A wildcard address is reached through loopback. */
function addressOf({ address, family, port }: AddressInfo): string {
  const host = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[address] ?? (family === 'IPv6' ? `[${address}]` : address);
  return `http://${host}:${port}`;
}
