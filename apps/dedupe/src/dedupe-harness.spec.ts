/** Real Kafka, the real tasks and the real consumer, without Nest around them: several instances fit into one process. */
import { HEADERS, TOPICS, conversationKey, isMalformed, parseUpdate, topicDeclarations } from '@onceline/contracts';
import {
  connectKafka,
  type ConsumedRecord,
  type ConsumerHandle,
  type Kafka,
  type TransactionContents,
  type TransactionalProducer,
  type TransactionalProducerOptions,
} from '@onceline/kafka';
import { createLogger } from '@onceline/service-kit';
import { eventually, useStack } from '@onceline/testing';
import { Registry, type OpenMetricsContentType } from 'prom-client';
import { createDedupeMetrics } from './dedupe-metrics.js';
import { DedupeReport } from './dedupe-report.js';
import { dedupeTasks } from './dedupe-transport.js';
import { GapWatch } from './gaps/gap-watch.js';
import { updateBytes } from './raw-record.spec.js';

export const PARTITIONS = 3;
export const HOUR = 3_600_000;
const TTL = 72 * HOUR;

export interface RawUpdate {
  readonly updateId: number;
  readonly text?: string;
  readonly partition?: number;
  readonly value?: Buffer;
  readonly botId?: string;
  readonly timestamp?: number;
}

/** What a test wants to happen to a transaction instead of its success. */
export type Interfere = (inner: TransactionalProducer, contents: TransactionContents) => Promise<void>;

export interface InstanceOptions {
  readonly interfere?: Interfere;
  readonly maxRecords?: number;
  readonly clock?: () => number;
}

export interface Instance {
  readonly handle: ConsumerHandle;
  readonly registry: Registry<OpenMetricsContentType>;
  readonly failures: unknown[];
  stop(): Promise<void>;
}

/** One cluster per spec file; each test works with a bot and a group of its own. */
export class DedupeHarness {
  private readonly instances = new Set<Instance>();

  private constructor(
    readonly kafka: Kafka,
    readonly brokers: readonly string[],
  ) {}

  static async start(): Promise<DedupeHarness> {
    const { brokers } = (await useStack({ postgres: false })).kafka;
    const kafka = connectKafka({ brokers, clientId: 'dedupe-spec' });
    await kafka.admin.createMissing(topicDeclarations({ partitions: PARTITIONS }), { replicationFactor: 1 });
    return new DedupeHarness(kafka, brokers);
  }

  async stop(): Promise<void> {
    for (const instance of this.instances) await instance.stop();
    await this.kafka.close();
  }

  /** An instance with a connection of its own. */
  async instance(groupId: string, options: InstanceOptions = {}): Promise<Instance> {
    const kafka = connectKafka({ brokers: this.brokers, clientId: groupId });
    const registry = new Registry<OpenMetricsContentType>();
    const started: ConsumerHandle[] = [];
    const assignment = () => started.flatMap((consumer) => consumer.assignment());
    const gaps = new GapWatch({ partitions: PARTITIONS, ttlMs: TTL, assignment });
    const report = new DedupeReport(createDedupeMetrics(registry, assignment), gaps, createLogger('dedupe', 'silent'));
    const producers = {
      transactionalProducer: (of: TransactionalProducerOptions) => interfering(kafka, of, options.interfere),
    };
    const failures: unknown[] = [];
    const handle = await kafka.consumePartitions({
      groupId,
      topic: TOPICS.raw,
      changelog: TOPICS.seen,
      sessionTimeoutMs: 6000,
      maxRecords: options.maxRecords ?? 1000,
      createTask: dedupeTasks(producers, { groupId, ttlMs: TTL, clock: options.clock ?? (() => Date.now()) }, report),
      onFailure: (error) => failures.push(error),
    });
    started.push(handle);
    const instance: Instance = {
      handle,
      registry,
      failures,
      stop: async () => {
        this.instances.delete(instance);
        await handle.stop();
        await kafka.close();
      },
    };
    this.instances.add(instance);
    return instance;
  }

  /** Sends updates of one chat per partition, as the ingress does. */
  async send(botId: string, updates: readonly RawUpdate[]): Promise<void> {
    const producer = await this.kafka.producer();
    await Promise.all(
      updates.map(({ updateId, text, value, partition = 0, ...rest }) => {
        const bytes = value ?? updateBytes(updateId, text);
        const parsed = parseUpdate(bytes);
        const id = rest.botId ?? botId;
        return producer.send(
          TOPICS.raw,
          {
            key: isMalformed(parsed) ? null : conversationKey(id, parsed),
            value: bytes,
            headers: { ...(id === '' ? {} : { [HEADERS.botId]: id }), [HEADERS.receivedAt]: new Date().toISOString() },
            ...(rest.timestamp === undefined ? {} : { timestamp: rest.timestamp }),
          },
          { partition },
        );
      }),
    );
    await producer.close();
  }

  /** Waits until a group has committed all of raw. */
  async settled(groupId: string, withinMs = 30_000): Promise<void> {
    await eventually(
      async () => {
        const ends = await this.kafka.admin.offsets(TOPICS.raw);
        const committed = await this.kafka.admin.committed(groupId, TOPICS.raw);
        const open = ends.filter(({ low, high }, partition) => (committed[partition] ?? low) < high);
        if (open.length > 0) throw new Error(`${groupId} has not settled: ${JSON.stringify({ ends, committed })}`);
      },
      { withinMs, everyMs: 100 },
    );
  }

  /** Committed records of one bot in a topic, in log order per partition. */
  async records(topic: string, botId: string): Promise<ConsumedRecord[]> {
    const found: ConsumedRecord[] = [];
    await this.kafka.read(topic, ({ records }) => {
      const isOf = ({ headers, key }: ConsumedRecord) =>
        topic === TOPICS.seen ? key?.startsWith(`tg1:${botId}:`) : headers[HEADERS.botId] === botId;
      found.push(...records.filter(isOf));
    });
    return found;
  }

  async updateIds(topic: string, botId: string): Promise<number[]> {
    const records = await this.records(topic, botId);
    return records.map(({ headers, key }) => Number((headers[HEADERS.idempotencyKey] ?? key ?? '').split(':').at(-1)));
  }
}

function interfering(
  kafka: Kafka,
  options: TransactionalProducerOptions,
  interfere: Interfere | undefined,
): TransactionalProducer {
  const inner = kafka.transactionalProducer(options);
  if (interfere === undefined) return inner;
  return {
    fence: () => inner.fence(),
    transact: (contents) => interfere(inner, contents),
    close: () => inner.close(),
  };
}
