import {
  Inject,
  Module,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { metricsRegistry, type ServiceKit } from '@onceline/service-kit';
import { Admission } from './admission.js';
import { BotDirectory } from './authenticate-bot.js';
import { BrokerHealth } from './broker-health.js';
import type { IngressConfig } from './config.js';
import type { DoorServer } from './door-server.js';
import { createIngressMetrics } from './ingress-metrics.js';
import { keepUpdate } from './keep-update.js';
import { openProducer, type OpenProducer } from './open-producer.js';
import { openWatch } from './registration/open-watch.js';
import { UpdateSizes } from './registration/update-sizes.js';
import { WebhookWatch } from './registration/webhook-watch.js';
import { endRequest } from './request-span.js';
import { EndingReport } from './report-ending.js';
import { storeRecord } from './store-record.js';
import { WebhookDoor } from './webhook-door.js';

const KAFKA = Symbol('open producer');
const SIZES = Symbol('sizes of updates');

/** The wiring list of the ingress. */
@Module({})
export class AppModule implements OnApplicationBootstrap, OnApplicationShutdown {
  constructor(
    @Inject(KAFKA) private readonly kafka: OpenProducer,
    @Inject(WebhookWatch) private readonly watch: WebhookWatch,
  ) {}

  static of(config: IngressConfig, kit: ServiceKit, server: DoorServer): DynamicModule {
    return {
      module: AppModule,
      providers: [
        { provide: KAFKA, useFactory: () => openProducer(config, kit.logger) },
        { provide: SIZES, useFactory: () => new UpdateSizes(config.WEBHOOK_UPDATE_BYTES) },
        {
          provide: WebhookDoor,
          useFactory: (kafka: OpenProducer, sizes: UpdateSizes) => hangDoor(config, kit, { kafka, sizes }, server),
          inject: [KAFKA, SIZES],
        },
        {
          provide: WebhookWatch,
          useFactory: (sizes: UpdateSizes) => openWatch(config, kit.logger, sizes),
          inject: [SIZES],
        },
      ],
    };
  }

  onApplicationBootstrap(): void {
    this.watch.start();
  }

  /** The last step of a stop: until then answers may still wait for the broker. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.watch.stop(), this.kafka.close()]);
  }
}

function hangDoor(
  config: IngressConfig,
  { logger, health, fatal }: ServiceKit,
  { kafka: { producer, probe }, sizes }: { kafka: OpenProducer; sizes: UpdateSizes },
  server: DoorServer,
): WebhookDoor {
  const broker = new BrokerHealth({ probe, onRefused: fatal });
  health.readiness('kafka', () => broker.check());
  const admission = new Admission({
    maxRequests: config.MAX_IN_FLIGHT_REQUESTS,
    maxBytes: config.MAX_IN_FLIGHT_BYTES,
  });
  const report = new EndingReport(createIngressMetrics(metricsRegistry, { admission, broker }), logger);
  const door = new WebhookDoor({
    bots: new BotDirectory(config.BOTS),
    admission,
    keep: ({ botId, context }, bytes) =>
      keepUpdate({ botId, bytes, receivedAt: Date.now() }, (record) => storeRecord(producer, broker, record, context)),
    ended: (exchange, ending) => {
      report.ended(exchange, ending);
      endRequest(exchange, ending);
      if (ending.how === 'accepted') sizes.saw(exchange.botId, exchange.receivedBytes);
    },
  });
  server.hang(door, (reason) => report.connectionCut(reason));
  return door;
}
