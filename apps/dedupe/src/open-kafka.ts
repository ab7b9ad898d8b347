import { TOPICS, topicDeclarations } from '@onceline/contracts';
import { connectKafka, type Kafka } from '@onceline/kafka';
import { kafkaLog, requireTopics, type Logger } from '@onceline/service-kit';
import type { DedupeConfig } from './config.js';

const USED: readonly string[] = [TOPICS.raw, TOPICS.unique, TOPICS.seen, TOPICS.duplicates, TOPICS.dedupeDeadLetter];

/** @throws StartRefused when a topic is missing or has another partition count, with the command that mends it. */
export async function openKafka(config: DedupeConfig, logger: Logger): Promise<Kafka> {
  const kafka = connectKafka({ brokers: config.KAFKA_BROKERS, clientId: 'onceline-dedupe', log: kafkaLog(logger) });
  try {
    const declared = topicDeclarations({ partitions: config.PARTITIONS });
    await requireTopics(
      kafka,
      declared.filter(({ name }) => USED.includes(name)),
    );
    return kafka;
  } catch (error) {
    await kafka.close();
    throw error;
  }
}
