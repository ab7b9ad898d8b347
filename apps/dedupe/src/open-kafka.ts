import { TOPICS, topicDeclarations } from '@onceline/contracts';
import { connectKafka, type Kafka } from '@onceline/kafka';
import { kafkaLog, kafkaSecurity, requireTopics, type Logger } from '@onceline/service-kit';
import type { DedupeConfig } from './config.js';

const USED: readonly string[] = [TOPICS.raw, TOPICS.unique, TOPICS.seen, TOPICS.duplicates, TOPICS.dedupeDeadLetter];

const HOUR_MS = 3_600_000;

/** @throws StartRefused when a topic is missing, has another partition count or keeps keys for less than the window, with the command that mends it. */
export async function openKafka(config: DedupeConfig, logger: Logger): Promise<Kafka> {
  const reach = { brokers: config.KAFKA_BROKERS, ...kafkaSecurity(config) };
  const kafka = connectKafka({ ...reach, clientId: 'onceline-dedupe', log: kafkaLog(logger) });
  try {
    const { PARTITIONS: partitions, DEDUPE_TTL_HOURS: ttlHours } = config;
    const declared = topicDeclarations({ partitions, dedupeTtlMs: ttlHours * HOUR_MS });
    await requireTopics(
      kafka,
      declared.filter(({ name }) => USED.includes(name)),
      // What `seen` no longer has is forgotten at the next restart.
      { kept: [TOPICS.seen], fix: `npm run provision -- --partitions ${partitions} --dedupe-ttl-hours ${ttlHours}` },
    );
    return kafka;
  } catch (error) {
    await kafka.close();
    throw error;
  }
}
