import { TOPICS, topicDeclarations } from '@onceline/contracts';
import { connectKafka, type BatchingProducer, type Kafka } from '@onceline/kafka';
import { kafkaLog, kafkaSecurity, requireTopics, type Logger } from '@onceline/service-kit';
import type { IngressConfig } from './config.js';

/** A producer on topics that are as declared, and its connection. */
export interface OpenProducer {
  readonly producer: BatchingProducer;
  /** Rejects when the broker is away or the topics are not as declared. */
  readonly probe: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** @throws StartRefused when a topic is missing or has another partition count, with the command that mends it. */
export async function openProducer(config: IngressConfig, logger: Logger): Promise<OpenProducer> {
  const reach = { brokers: config.KAFKA_BROKERS, ...kafkaSecurity(config) };
  const kafka = connectKafka({ ...reach, clientId: 'onceline-ingress', log: kafkaLog(logger) });
  const probe = () => requireTopics(kafka, writtenTopics(config.PARTITIONS));
  try {
    await probe();
    const producer = await kafka.producer({ deliveryTimeoutMs: config.PRODUCE_TIMEOUT_MS });
    return { producer, probe, close: () => close(kafka, producer) };
  } catch (error) {
    await kafka.close();
    throw error;
  }
}

async function close(kafka: Kafka, producer: BatchingProducer): Promise<void> {
  await producer.close();
  await kafka.close();
}

function writtenTopics(partitions: number) {
  const written: readonly string[] = [TOPICS.raw, TOPICS.ingressDeadLetter];
  return topicDeclarations({ partitions }).filter(({ name }) => written.includes(name));
}
