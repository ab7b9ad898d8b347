/** Helpers of the conformance suite: a cluster to test, short ways to write and read, and waiting without sleeping. */
import { randomUUID } from 'node:crypto';
import { KafkaError, type KafkaErrorCode } from '../errors.js';
import type {
  BatchConsumerOptions,
  BatchOutcome,
  ConsumedRecord,
  ConsumerHandle,
  Kafka,
  OutgoingRecord,
  TransactionalProducer,
} from '../port.js';

/** What a suite needs of the outside: a cluster and connections to it. */
export interface KafkaUnderTest {
  /** A new connection to the same cluster. */
  connect(): Kafka;
  /** As retention does: what lies before the offset is gone. */
  deleteRecords(topic: string, partition: number, before: number): Promise<void>;
  stop(): Promise<void>;
}

/** A record with readable text. */
export const record = (key: string | null, value: string): OutgoingRecord => ({ key, value: Buffer.from(value) });
/** The text of a record. */
export const textOf = (r: ConsumedRecord) => r.value?.toString() ?? null;
/** For consumers that must not fail. */
export const unexpected = (error: KafkaError) => {
  throw error;
};
/** The usual answer of a handler. */
export const commit: BatchOutcome = { settle: 'commit' };
/** A group of its own. */
export const newGroup = () => `g-${randomUUID()}`;

/** Waits for a condition. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> {
  const end = Date.now() + limitMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The code of the KafkaError that the work ends in. */
export async function codeOf(work: Promise<unknown>): Promise<KafkaErrorCode | 'no error'> {
  try {
    await work;
    return 'no error';
  } catch (error) {
    if (error instanceof KafkaError) return error.code;
    throw error;
  }
}

/** The cluster under test with a connection, opened by `open()` and closed by `close()`. */
export class Bench {
  kafka!: Kafka;
  private cluster!: KafkaUnderTest;

  constructor(private readonly start: () => Promise<KafkaUnderTest>) {}

  async open(): Promise<void> {
    this.cluster = await this.start();
    this.kafka = this.cluster.connect();
  }

  async close(): Promise<void> {
    await this.kafka.close();
    await this.cluster.stop();
  }

  deleteRecords(topic: string, partition: number, before: number): Promise<void> {
    return this.cluster.deleteRecords(topic, partition, before);
  }

  async newTopic(partitions = 1, config: Record<string, string> = {}): Promise<string> {
    const topic = `t-${randomUUID()}`;
    await this.kafka.admin.createMissing([{ name: topic, partitions, config }], { replicationFactor: 1 });
    return topic;
  }

  async readAll(topic: string): Promise<ConsumedRecord[]> {
    const records: ConsumedRecord[] = [];
    await this.kafka.read(topic, (batch) => void records.push(...batch.records));
    return records;
  }

  async valuesOf(topic: string): Promise<(string | null)[]> {
    return (await this.readAll(topic)).map(textOf);
  }

  /** A commit is answered before its markers are in the logs: waits until that many values can be seen. */
  async committedValuesOf(topic: string, count: number): Promise<(string | null)[]> {
    await until(`${count} values are visible`, async () => (await this.valuesOf(topic)).length >= count);
    return this.valuesOf(topic);
  }

  async high(topic: string): Promise<number[]> {
    return (await this.kafka.admin.offsets(topic)).map((range) => range.high);
  }

  async fenced(transactionalId: string = randomUUID()): Promise<TransactionalProducer> {
    const producer = this.kafka.transactionalProducer({ transactionalId });
    await producer.fence();
    return producer;
  }

  consume(
    options: Partial<BatchConsumerOptions> & Pick<BatchConsumerOptions, 'topics' | 'handle'>,
  ): Promise<ConsumerHandle> {
    return this.kafka.consume({ groupId: newGroup(), onFailure: unexpected, ...options });
  }
}
