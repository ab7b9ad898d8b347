import type { DynamicModule } from '@nestjs/common';
import { topicDeclarations } from '@onceline/contracts';
import { connectKafka, type Kafka } from '@onceline/kafka';
import { isUnavailable, type Postgres } from '@onceline/postgres';
import {
  kafkaLog,
  KafkaTransport,
  metricsRegistry,
  requireTopics,
  runService,
  type RunningService,
  type ServiceKit,
  type ServiceOptions,
} from '@onceline/service-kit';
import type { Registry } from 'prom-client';
import { TICKETING_API } from './api/open-api.js';
import { TicketReader } from './api/ticket-reader.js';
import { TicketingModule } from './app.module.js';
import type { TicketingConfig } from './config.js';
import { DatabasePause } from './database-pause.js';
import { HandleDuplicates } from './handle-duplicates.js';
import { HandleUpdates } from './handle-updates.js';
import { TicketingMetrics } from './metrics.js';
import { TicketingObserver } from './observer.js';
import { Relay } from './outbox/relay.js';
import { openDatabase, requireMigrations } from './store/open-database.js';
import { sessionsOf } from './store/sessions.js';
import { settleBatchOn } from './store/settle-batch.js';
import { UpdateSpans } from './trace-updates.js';

/** Starts the service; the second argument is for tests that run it inside themselves, maybe twice. */
export function runTicketing(
  config: TicketingConfig,
  { registry, ...options }: Pick<ServiceOptions, 'exit'> & { registry?: Registry } = {},
): Promise<RunningService> {
  const metrics = new TicketingMetrics(registry ?? (metricsRegistry as unknown as Registry));
  const ticketing = new Ticketing(config, metrics);
  return runService({
    name: 'ticketing',
    config,
    docs: TICKETING_API,
    module: (kit) => ticketing.module(kit),
    transport: (_app, kit) => ticketing.transport(kit),
    ...options,
  });
}

/** The parts put together. */
class Ticketing {
  private connection: Kafka | undefined;

  constructor(
    private readonly config: TicketingConfig,
    private readonly metrics: TicketingMetrics,
  ) {}

  /** Refuses to come up on missing topics or migrations. */
  async module(kit: ServiceKit): Promise<DynamicModule> {
    const postgres = await openDatabase(this.config.DATABASE_URL, kit.logger);
    const kafka = this.kafka(kit);
    try {
      await requireMigrations(postgres);
      await requireTopics(kafka, topicDeclarations({ partitions: this.config.PARTITIONS }));
      return await this.assemble(kit, postgres);
    } catch (error) {
      await Promise.allSettled([kafka.close(), postgres.close()]);
      throw error;
    }
  }

  transport(kit: ServiceKit): KafkaTransport {
    const transport = new KafkaTransport({
      kafka: this.kafka(kit),
      groupId: this.config.TICKETING_GROUP_ID,
      maxRecords: this.config.TICKETING_MAX_BATCH,
      onFatal: (error) => kit.fatal(error),
    });
    this.metrics.watchConsumer(transport.consumer());
    return transport;
  }

  /** One connection for reading and publishing, made once there is a log for what the client has to say. */
  private kafka({ logger }: ServiceKit): Kafka {
    const brokers = this.config.KAFKA_BROKERS;
    this.connection ??= connectKafka({ brokers, clientId: 'onceline-ticketing', log: kafkaLog(logger) });
    return this.connection;
  }

  private async assemble(kit: ServiceKit, postgres: Postgres): Promise<DynamicModule> {
    const { logger, health } = kit;
    const kafka = this.kafka(kit);
    const withSession = sessionsOf(postgres);
    const observer = new TicketingObserver(logger, this.metrics);
    const pause = new DatabasePause();
    health.readiness('database', () => pause.reason() ?? pingProblem(postgres));
    const relay = new Relay({ withSession, producer: await kafka.producer(), observer });
    relay.start();
    return TicketingModule.of({
      tokens: this.config.API_TOKENS,
      updates: new HandleUpdates({
        groupId: this.config.TICKETING_GROUP_ID,
        settle: settleBatchOn(withSession),
        pause,
        spans: new UpdateSpans(this.config.TICKETING_GROUP_ID),
        observer,
        committed: () => relay.wake(),
      }),
      duplicates: new HandleDuplicates({ withSession, pause, observer }),
      reader: new TicketReader(withSession),
      close: async () => {
        await relay.stop();
        await kafka.close();
        await postgres.close();
      },
    });
  }
}

async function pingProblem(postgres: Postgres): Promise<string | undefined> {
  try {
    await postgres.query('select 1');
    return undefined;
  } catch (error) {
    return isUnavailable(error) ? 'database unavailable' : 'the database refuses queries';
  }
}
