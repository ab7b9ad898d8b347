/** {@link Kafka} over any wires: opens the parts and closes what is still open at the end. */
import { MergingConsumer } from './batch-consumer.js';
import { LaneProducer } from './batching-producer.js';
import { KafkaError } from './errors.js';
import { HoldingConsumer } from './holding-consumer.js';
import { SessionConsumer } from './partition-consumer.js';
import { oldestUnread } from './oldest-unread.js';
import type {
  BatchConsumerOptions,
  BatchingProducer,
  BatchingProducerOptions,
  ConsumerHandle,
  HoldingConsumerOptions,
  HoldingHandle,
  Kafka,
  PartitionConsumerOptions,
  RecordBatch,
  TopicAdmin,
  TransactionalProducer,
  TransactionalProducerOptions,
} from './port.js';
import { readTopic } from './read-topic.js';
import { FencedProducer } from './transactional-producer.js';
import type { Wires } from './wire.js';

const DELIVERY_TIMEOUT_MS = 5000;
/** What is held waits: large fetches would only fill memory, and keep the rest late while they are read. */
const HOLDING_FETCH_BYTES = 128 * 1024;

type Consumer = MergingConsumer | SessionConsumer | HoldingConsumer;
type Opened = Consumer | LaneProducer | FencedProducer;

/** The parts put together. */
export class WiredKafka implements Kafka {
  readonly admin: TopicAdmin;
  private readonly opened = new Set<Opened>();
  private closed = false;

  constructor(private readonly wires: Wires) {
    this.admin = this.guardedAdmin();
  }

  async producer(options?: BatchingProducerOptions): Promise<BatchingProducer> {
    this.assertOpen();
    const wire = await this.wires.openProduce(options?.deliveryTimeoutMs ?? DELIVERY_TIMEOUT_MS);
    return this.track(new LaneProducer(wire, options));
  }

  transactionalProducer(options: TransactionalProducerOptions): TransactionalProducer {
    this.assertOpen();
    const view = async () => ({
      reader: await this.wires.reader(),
      admin: this.admin,
      markersWithinMs: this.wires.markersWithinMs,
      report: (what: string, found: unknown) => this.wires.report(what, found),
    });
    return this.track(new FencedProducer(this.wires.transactions, options, view));
  }

  async consume(options: BatchConsumerOptions): Promise<ConsumerHandle> {
    this.assertOpen();
    return this.started(new MergingConsumer(this.wires.member(options), options));
  }

  async consumePartitions(options: PartitionConsumerOptions): Promise<ConsumerHandle> {
    this.assertOpen();
    const parts = {
      member: this.wires.member({ ...options, topics: [options.topic] }),
      admin: this.admin,
      reader: await this.wires.reader(),
      onTrouble: ({ topic, partition }: { topic: string; partition: number }, error: unknown) =>
        this.wires.report(`partition ${topic}/${partition} is assigned anew`, error),
    };
    return this.started(new SessionConsumer(parts, options));
  }

  async hold(options: HoldingConsumerOptions): Promise<HoldingHandle> {
    this.assertOpen();
    return this.started(
      new HoldingConsumer(this.wires.member({ ...options, fetchBytes: HOLDING_FETCH_BYTES }), options),
    );
  }

  async read(topic: string, onBatch: (batch: RecordBatch) => void | Promise<void>): Promise<void> {
    this.assertOpen();
    await readTopic(await this.wires.reader(), topic, onBatch);
  }

  async oldestUnread(groupId: string, topic: string): Promise<number | undefined> {
    this.assertOpen();
    return oldestUnread({ admin: this.admin, reader: await this.wires.reader() }, groupId, topic);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    // Consumers first: their handlers still need the producers.
    const all = [...this.opened];
    await Promise.all(all.map(async (it) => ('stop' in it ? it.stop() : undefined)));
    this.closed = true;
    await Promise.all(all.map(async (it) => ('close' in it ? it.close() : undefined)));
    this.opened.clear();
    await this.wires.close();
  }

  private track<T extends Opened>(it: T): T {
    this.opened.add(it);
    return it;
  }

  private async started<T extends Consumer>(consumer: T): Promise<T> {
    this.opened.add(consumer);
    try {
      await consumer.start();
      return consumer;
    } catch (error) {
      this.opened.delete(consumer);
      throw error;
    }
  }

  private guardedAdmin(): TopicAdmin {
    const ask = async <T>(question: () => Promise<T>): Promise<T> => {
      this.assertOpen();
      return question();
    };
    const { admin } = this.wires;
    return {
      createMissing: (topics, options) => ask(() => admin.createMissing(topics, options)),
      list: () => ask(() => admin.list()),
      check: (topics) => ask(() => admin.check(topics)),
      compareSettings: (topics) => ask(() => admin.compareSettings(topics)),
      raiseSettings: (topics) => ask(() => admin.raiseSettings(topics)),
      offsets: (topic) => ask(() => admin.offsets(topic)),
      committed: (groupId, topic) => ask(() => admin.committed(groupId, topic)),
    };
  }

  private assertOpen(): void {
    if (this.closed) throw new KafkaError('closed', 'the connection has been closed');
  }
}
