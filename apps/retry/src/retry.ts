import type { DynamicModule } from '@nestjs/common';
import { topicDeclarations } from '@onceline/contracts';
import { connectKafka, type Kafka } from '@onceline/kafka';
import { isUnavailable, type Postgres } from '@onceline/postgres';
import {
  kafkaLog,
  metricsRegistry,
  requireTopics,
  runService,
  type RunningService,
  type ServiceKit,
  type ServiceOptions,
} from '@onceline/service-kit';
import type { Registry } from 'prom-client';
import { RetryModule } from './app.module.js';
import type { RetryConfig } from './config.js';
import { RETRY_API } from './dead-letters/open-api.js';
import { openDatabase, requireMigrations } from './open-database.js';

/** Starts the service; the second argument is for tests that run it inside themselves, maybe twice. */
export function runRetry(
  config: RetryConfig,
  { registry, ...options }: Pick<ServiceOptions, 'exit'> & { registry?: Registry } = {},
): Promise<RunningService> {
  const retry = new Retry(config, registry ?? (metricsRegistry as unknown as Registry));
  return runService({
    name: 'retry',
    config,
    docs: RETRY_API,
    module: (kit) => retry.module(kit),
    ...options,
  });
}

/** The parts put together. */
class Retry {
  constructor(
    private readonly config: RetryConfig,
    private readonly registry: Registry,
  ) {}

  /** Refuses to come up on missing topics or migrations. */
  async module(kit: ServiceKit): Promise<DynamicModule> {
    const postgres = await openDatabase(this.config.DATABASE_URL, kit.logger);
    const kafka = this.kafka(kit);
    try {
      await requireMigrations(postgres);
      await requireTopics(kafka, topicDeclarations({ partitions: this.config.PARTITIONS }));
      return this.assemble(kit, postgres, kafka);
    } catch (error) {
      await Promise.allSettled([kafka.close(), postgres.close()]);
      throw error;
    }
  }

  private kafka({ logger }: ServiceKit): Kafka {
    return connectKafka({ brokers: this.config.KAFKA_BROKERS, clientId: 'onceline-retry', log: kafkaLog(logger) });
  }

  private assemble(kit: ServiceKit, postgres: Postgres, kafka: Kafka): DynamicModule {
    kit.health.readiness('database', () => pingProblem(postgres));
    return RetryModule.of({
      tokens: this.config.API_TOKENS,
      controllers: [],
      providers: [],
      close: async () => {
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
