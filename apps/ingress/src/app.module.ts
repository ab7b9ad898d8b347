import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { metricsRegistry, type ServiceKit } from '@onceline/service-kit';
import { Admission } from './admission.js';
import { BotDirectory } from './authenticate-bot.js';
import { BrokerHealth } from './broker-health.js';
import type { IngressConfig } from './config.js';
import { describeSpan } from './describe-span.js';
import type { DoorServer } from './door-server.js';
import { createIngressMetrics } from './ingress-metrics.js';
import { keepUpdate } from './keep-update.js';
import { openProducer, type OpenProducer } from './open-producer.js';
import { EndingReport } from './report-ending.js';
import { storeRecord } from './store-record.js';
import { WebhookDoor } from './webhook-door.js';

const KAFKA = Symbol('open producer');

/** The wiring list of the ingress. */
@Module({})
export class AppModule implements OnApplicationShutdown {
  constructor(@Inject(KAFKA) private readonly kafka: OpenProducer) {}

  static of(config: IngressConfig, kit: ServiceKit, server: DoorServer): DynamicModule {
    return {
      module: AppModule,
      providers: [
        { provide: KAFKA, useFactory: () => openProducer(config, kit.logger) },
        {
          provide: WebhookDoor,
          useFactory: (kafka: OpenProducer) => hangDoor(config, kit, kafka, server),
          inject: [KAFKA],
        },
      ],
    };
  }

  /** The last step of a stop: until then answers may still wait for the broker. */
  onApplicationShutdown(): Promise<void> {
    return this.kafka.close();
  }
}

function hangDoor(
  config: IngressConfig,
  { logger, health }: ServiceKit,
  { producer, probe }: OpenProducer,
  server: DoorServer,
): WebhookDoor {
  const broker = new BrokerHealth(probe);
  health.readiness('kafka', () => broker.check());
  const admission = new Admission({
    maxRequests: config.MAX_IN_FLIGHT_REQUESTS,
    maxBytes: config.MAX_IN_FLIGHT_BYTES,
  });
  const report = new EndingReport(createIngressMetrics(metricsRegistry, admission), logger);
  const door = new WebhookDoor({
    bots: new BotDirectory(config.BOTS),
    admission,
    keep: ({ botId, span }, bytes) =>
      keepUpdate({ botId, bytes, receivedAt: Date.now() }, (record) => storeRecord(producer, broker, record, span)),
    ended: (exchange, ending) => {
      describeSpan(exchange, ending);
      report.ended(exchange, ending);
    },
  });
  server.hang(door, (reason) => report.connectionCut(reason));
  return door;
}
