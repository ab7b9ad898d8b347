import { Inject, Module, type DynamicModule, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Kafka } from '@onceline/kafka';
import type { ServiceKit } from '@onceline/service-kit';
import type { DedupeConfig } from './config.js';
import { createDedupeTransport, type DedupeTransport } from './dedupe-transport.js';
import { openKafka } from './open-kafka.js';
import { RawUpdatesController } from './raw-updates.controller.js';

const KAFKA = Symbol('kafka');
export const DEDUPE_TRANSPORT = Symbol('dedupe transport');

const GAP_CHECK_MS = 60_000;

/** The wiring list of dedupe. */
@Module({ controllers: [RawUpdatesController] })
export class AppModule implements OnModuleInit, OnApplicationShutdown {
  private gapChecks: NodeJS.Timeout | undefined;

  constructor(
    @Inject(KAFKA) private readonly kafka: Kafka,
    @Inject(DEDUPE_TRANSPORT) private readonly dedupe: DedupeTransport,
  ) {}

  static of(config: DedupeConfig, kit: ServiceKit): DynamicModule {
    return {
      module: AppModule,
      providers: [
        { provide: KAFKA, useFactory: () => openKafka(config, kit.logger) },
        {
          provide: DEDUPE_TRANSPORT,
          useFactory: (kafka: Kafka) => createDedupeTransport(config, kit, kafka),
          inject: [KAFKA],
        },
      ],
    };
  }

  onModuleInit(): void {
    this.gapChecks = setInterval(() => this.dedupe.report.checkGaps(Date.now()), GAP_CHECK_MS);
    this.dedupe.unread.start();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.gapChecks);
    await this.dedupe.unread.stop();
    await this.kafka.close();
  }
}
