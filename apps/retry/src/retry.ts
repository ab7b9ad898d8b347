import type { DynamicModule } from '@nestjs/common';
import { topicDeclarations, type TopicDeclaration } from '@onceline/contracts';
import { connectKafka, type Kafka } from '@onceline/kafka';
import { isUnavailable, type Postgres } from '@onceline/postgres';
import {
  databaseSecurity,
  kafkaLog,
  kafkaSecurity,
  metricsRegistry,
  requireTopics,
  runService,
  type RunningService,
  type ServiceKit,
  type ServiceOptions,
  type MetricsRegistry,
} from '@onceline/service-kit';
import { rungsMsOf } from '@onceline/retry-policy';
import { RetryModule } from './app.module.js';
import type { RetryConfig } from './config.js';
import { ConsumerLag } from './consumer-lag.js';
import { deadLetterSources, isRoomTopic } from './dead-letters/dead-letter.js';
import { DeadLetterRoom } from './dead-letters/dead-letter-room.js';
import { DeadLettersController } from './dead-letters/dead-letters.controller.js';
import { RETRY_API } from './dead-letters/open-api.js';
import { Operator } from './dead-letters/operator.js';
import { RedrivesController } from './dead-letters/redrives.controller.js';
import { Requests } from './dead-letters/requests.js';
import { HoldingRoom } from './hold/holding-room.js';
import { existingRungs, rungsOf } from './hold/rungs.js';
import { openDatabase } from './open-database.js';

/** A part that works by itself, beside what it answers over HTTP. */
interface Room {
  start(): Promise<void>;
  /** Finishes what is in hand. */
  stop(): Promise<void>;
}

interface TestChanges {
  readonly registry?: MetricsRegistry;
  /** Instead of the declared ones, so that specs do not meet in one topic. */
  readonly topics?: readonly TopicDeclaration[];
}

/** Starts the service; the second argument is for tests that run it inside themselves, maybe twice. */
export async function runRetry(
  config: RetryConfig,
  { registry, topics, ...options }: Pick<ServiceOptions, 'exit'> & TestChanges = {},
): Promise<RunningService> {
  const retry = new Retry(config, registry ?? metricsRegistry, topics ?? ownTopics(config));
  const service = await runService({
    name: 'retry',
    config,
    docs: RETRY_API,
    module: (kit) => retry.module(kit),
    beforeClose: [() => retry.stopRooms()],
    ...options,
  });
  try {
    await retry.startRooms();
  } catch (error) {
    await service.stop();
    throw error;
  }
  return service;
}

/** What the rooms read and write: all that waits, comes back or is dead. */
function ownTopics(config: RetryConfig): TopicDeclaration[] {
  const ticketingRungsMs = rungsMsOf(config.TICKETING_RETRY_RUNGS);
  const all = topicDeclarations({ partitions: config.PARTITIONS, ticketingRungsMs });
  return all.filter((topic) => topic.holds !== undefined || isRoomTopic(topic));
}

/** The parts put together. */
class Retry {
  private rooms: readonly Room[] = [];

  constructor(
    private readonly config: RetryConfig,
    private readonly registry: MetricsRegistry,
    private readonly topics: readonly TopicDeclaration[],
  ) {}

  /** Refuses to come up on missing topics or migrations. */
  async module(kit: ServiceKit): Promise<DynamicModule> {
    const database = { url: this.config.DATABASE_URL, ...databaseSecurity(this.config) };
    const postgres = await openDatabase(database, kit.logger);
    const kafka = this.kafka(kit);
    try {
      await requireTopics(kafka, this.topics);
      return this.assemble(kit, postgres, kafka);
    } catch (error) {
      await Promise.allSettled([kafka.close(), postgres.close()]);
      throw error;
    }
  }

  async startRooms(): Promise<void> {
    await Promise.all(this.rooms.map((room) => room.start()));
  }

  async stopRooms(): Promise<void> {
    await Promise.all(this.rooms.map((room) => room.stop()));
  }

  private kafka({ logger }: ServiceKit): Kafka {
    const reach = { brokers: this.config.KAFKA_BROKERS, ...kafkaSecurity(this.config) };
    return connectKafka({ ...reach, clientId: 'onceline-retry', log: kafkaLog(logger) });
  }

  private assemble(kit: ServiceKit, postgres: Postgres, kafka: Kafka): DynamicModule {
    const { config, registry } = this;
    kit.health.readiness('database', () => pingProblem(postgres));
    const sources = deadLetterSources(this.topics);
    const lag = new ConsumerLag(kafka.admin, registry);
    const deadLetters = new DeadLetterRoom({ kit, config, postgres, kafka, registry, lag, sources });
    const groupId = config.HOLDING_GROUP_ID;
    const rungs = rungsOf(this.topics);
    const findRungs = () => existingRungs(kafka.admin, this.topics);
    this.rooms = [deadLetters, new HoldingRoom({ kit, kafka, groupId, rungs, findRungs, registry, lag })];
    return RetryModule.of({
      tokens: config.API_TOKENS,
      controllers: [DeadLettersController, RedrivesController],
      providers: [
        { provide: Operator, useValue: deadLetters.operator },
        { provide: Requests, useValue: new Requests(config.API_TOKENS) },
      ],
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
