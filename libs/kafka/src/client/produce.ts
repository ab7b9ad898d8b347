/** Writing through kafkajs: one partition per request, and an answer is believed only when it names that partition. */
import type { Message, Producer, RecordMetadata } from 'kafkajs';
import { KafkaError } from '../errors.js';
import type { KafkaOptions, OutgoingRecord } from '../port.js';
import type { ProduceWire, StampedRecord, TopicPartition } from '../wire.js';
import { errorTypes, toKafkaError } from './client-errors.js';
import { newClient, presetPartition } from './client.js';
import type { ClientTopicAdmin } from './provisioning.js';

/** A record as kafkajs wants it. */
export function toMessage(record: OutgoingRecord, partition: number): Message {
  return {
    key: record.key,
    value: record.value,
    partition,
    ...(record.headers === undefined ? {} : { headers: record.headers }),
    // Typed as text, sent as a number: kafkajs only calculates with it.
    timestamp: (record.timestamp ?? Date.now()) as unknown as string,
  };
}

/**
 * The offset of the first record written. kafkajs has been seen to resolve although a partition was never written, so an
 * answer without the partition is no answer.
 * @throws KafkaError `unconfirmed`
 */
export function confirmedOffset(target: TopicPartition, results: readonly (RecordMetadata | null)[]): number {
  const [result] = results;
  const confirmed = results.length === 1 && result?.topicName === target.topic && result.partition === target.partition;
  const offset = confirmed ? Number(result.baseOffset) : Number.NaN;
  if (confirmed && result.errorCode === 0 && Number.isSafeInteger(offset) && offset >= 0) return offset;
  const named = results.map((r) => (r === null ? 'nothing' : `${r.topicName}/${r.partition}`)).join(', ');
  const message = `wrote to ${target.topic}/${target.partition}, but the answer names ${named || 'nothing'}`;
  throw new KafkaError('unconfirmed', message);
}

/** A connected {@link ProduceWire}. @throws KafkaError `unavailable` */
export async function openProduceWire(
  options: KafkaOptions,
  admin: ClientTopicAdmin,
  requestTimeoutMs: number,
): Promise<ProduceWire> {
  // No patience of its own: the lanes above send again, and a slot held by a waiting retry would stall other partitions.
  const client = newClient(options, { requestTimeout: Math.max(1000, requestTimeoutMs), retries: 1 });
  const producer = client.producer({
    allowAutoTopicCreation: false,
    createPartitioner: presetPartition,
    retry: { retries: 0 },
  });
  try {
    await producer.connect();
  } catch (error) {
    throw toKafkaError(error, 'connecting the producer');
  }
  return new ClientProduceWire(producer, admin);
}

class ClientProduceWire implements ProduceWire {
  constructor(
    private readonly producer: Producer,
    private readonly admin: ClientTopicAdmin,
  ) {}

  partitionCount(topic: string): Promise<number> {
    return this.admin.partitionCount(topic);
  }

  async produce(target: TopicPartition, records: readonly StampedRecord[]): Promise<number> {
    const messages = records.map((record) => toMessage(record, target.partition));
    let results: (RecordMetadata | null)[];
    try {
      results = await this.producer.send({ topic: target.topic, acks: -1, messages });
    } catch (error) {
      const doing = `writing to ${target.topic}/${target.partition}`;
      // The topic was there when its partitions were counted: a broker that has just started does not know it yet.
      if (errorTypes(error).includes('UNKNOWN_TOPIC_OR_PARTITION')) {
        throw new KafkaError('unavailable', `${doing}: the broker does not know the topic`, { cause: error });
      }
      throw toKafkaError(error, doing);
    }
    return confirmedOffset(target, results);
  }

  close(): Promise<void> {
    return this.producer.disconnect();
  }
}
