/** The real thing: everything of {@link Kafka} over kafkajs. */
import type { Admin } from 'kafkajs';
import { MergingConsumer } from './batch-consumer.js';
import { LaneProducer } from './batching-producer.js';
import { toKafkaError } from './client/client-errors.js';
import { newClient } from './client/client.js';
import { ClientLogReader } from './client/log-reader.js';
import { ClientGroupMember } from './client/membership.js';
import { openProduceWire } from './client/produce.js';
import { ClientTopicAdmin } from './client/provisioning.js';
import { ClientTransactionWire } from './client/transactions.js';
import { KafkaError } from './errors.js';
import { SessionConsumer } from './partition-consumer.js';
import type {
  BatchConsumerOptions,
  BatchingProducer,
  BatchingProducerOptions,
  ConsumerHandle,
  Kafka,
  KafkaOptions,
  PartitionConsumerOptions,
  RecordBatch,
  TopicAdmin,
  TransactionalProducer,
  TransactionalProducerOptions,
} from './port.js';
import { readTopic } from './read-topic.js';
import { FencedProducer } from './transactional-producer.js';

const DELIVERY_TIMEOUT_MS = 5000;

/** A connection to a real cluster. Nothing is opened before it is needed. */
export function connectKafka(options: KafkaOptions): Kafka {
  return new ConnectedKafka(options);
}

class ConnectedKafka implements Kafka {
  readonly admin: TopicAdmin;
  private readonly opened = new Set<{ stop(): Promise<void> } | { close(): Promise<void> }>();
  private readonly clientAdmin: Lazy<Admin>;
  private readonly reader: Lazy<ClientLogReader>;
  private closed = false;

  constructor(private readonly options: KafkaOptions) {
    this.clientAdmin = new Lazy(
      () => connectAdmin(options),
      (admin) => admin.disconnect(),
    );
    this.reader = new Lazy(
      () => ClientLogReader.open(options),
      (reader) => reader.close(),
    );
    this.admin = this.lazyAdmin();
  }

  async producer(options?: BatchingProducerOptions): Promise<BatchingProducer> {
    this.assertOpen();
    const timeout = options?.deliveryTimeoutMs ?? DELIVERY_TIMEOUT_MS;
    const wire = await openProduceWire(this.options, await this.clientAdmin.get(), timeout);
    return this.track(new LaneProducer(wire, options));
  }

  transactionalProducer(options: TransactionalProducerOptions): TransactionalProducer {
    this.assertOpen();
    const wire = new ClientTransactionWire(this.options, (error) => this.report('a discarded producer', error));
    return this.track(new FencedProducer(wire, options));
  }

  async consume(options: BatchConsumerOptions): Promise<ConsumerHandle> {
    this.assertOpen();
    const consumer = this.track(new MergingConsumer(this.member(options), options));
    await this.orForget(consumer, consumer.start());
    return consumer;
  }

  async consumePartitions(options: PartitionConsumerOptions): Promise<ConsumerHandle> {
    this.assertOpen();
    const parts = {
      member: this.member({ ...options, topics: [options.topic] }),
      admin: this.admin,
      reader: await this.reader.get(),
      onTrouble: ({ topic, partition }: { topic: string; partition: number }, error: unknown) =>
        this.report(`partition ${topic}/${partition} is assigned anew`, error),
    };
    const consumer = this.track(new SessionConsumer(parts, options));
    await this.orForget(consumer, consumer.start());
    return consumer;
  }

  async read(topic: string, onBatch: (batch: RecordBatch) => void | Promise<void>): Promise<void> {
    this.assertOpen();
    await readTopic(await this.reader.get(), topic, onBatch);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.opened].map((it) => ('stop' in it ? it.stop() : it.close())));
    this.opened.clear();
    await Promise.all([this.clientAdmin.close(), this.reader.close()]);
  }

  private member(options: {
    groupId: string;
    topics: readonly string[];
    sessionTimeoutMs?: number;
  }): ClientGroupMember {
    return new ClientGroupMember(this.options, options, this.admin);
  }

  private track<T extends { stop(): Promise<void> } | { close(): Promise<void> }>(it: T): T {
    this.opened.add(it);
    return it;
  }

  private async orForget(consumer: MergingConsumer | SessionConsumer, started: Promise<void>): Promise<void> {
    try {
      await started;
    } catch (error) {
      this.opened.delete(consumer);
      throw error;
    }
  }

  private lazyAdmin(): TopicAdmin {
    const ask = async <T>(question: (admin: TopicAdmin) => Promise<T>): Promise<T> => {
      this.assertOpen();
      return question(new ClientTopicAdmin(await this.clientAdmin.get()));
    };
    return {
      createMissing: (topics, options) => ask((admin) => admin.createMissing(topics, options)),
      check: (topics) => ask((admin) => admin.check(topics)),
      offsets: (topic) => ask((admin) => admin.offsets(topic)),
      committed: (groupId, topic) => ask((admin) => admin.committed(groupId, topic)),
    };
  }

  private report(what: string, error: unknown): void {
    const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    this.options.log?.({ level: 'warn', message, fields: {} });
  }

  private assertOpen(): void {
    if (this.closed) throw new KafkaError('closed', 'the connection has been closed');
  }
}

/** Opened at first use, once; a failed opening is tried again at the next use. */
class Lazy<T> {
  private opening: Promise<T> | undefined;

  constructor(
    private readonly open: () => Promise<T>,
    private readonly shut: (value: T) => Promise<void>,
  ) {}

  get(): Promise<T> {
    this.opening ??= this.open().catch((error: unknown) => {
      this.opening = undefined;
      throw error;
    });
    return this.opening;
  }

  async close(): Promise<void> {
    if (this.opening !== undefined) await this.shut(await this.opening);
  }
}

async function connectAdmin(options: KafkaOptions): Promise<Admin> {
  const admin = newClient(options).admin();
  try {
    await admin.connect();
    return admin;
  } catch (error) {
    throw toKafkaError(error, 'connecting to the brokers');
  }
}
