import { TOPICS } from '@onceline/contracts';
import type { Kafka } from '@onceline/kafka';
import {
  KafkaTransport,
  measureUnread,
  metricsRegistry,
  type Measurement,
  type ServiceKit,
} from '@onceline/service-kit';
import type { DedupeConfig } from './config.js';
import { createDedupeMetrics } from './dedupe-metrics.js';
import { DedupePartition, type DedupeSettings } from './dedupe-partition.js';
import { DedupeReport } from './dedupe-report.js';
import { TableStore } from './memory/first-seen-store.js';
import { GapWatch } from './gaps/gap-watch.js';
import { rawOffsetOf } from './raw-offset-of.js';

/** The consumer of `raw`, the report that its partitions share, and what is measured beside them. */
export interface DedupeTransport {
  readonly transport: KafkaTransport;
  readonly report: DedupeReport;
  readonly unread: Measurement;
}

export function createDedupeTransport(config: DedupeConfig, kit: ServiceKit, kafka: Kafka): DedupeTransport {
  const settings = {
    groupId: config.DEDUPE_GROUP_ID,
    ttlMs: config.DEDUPE_TTL_HOURS * 3_600_000,
    clock: () => Date.now(),
  };
  // Metrics and gap watch ask the consumer, the consumer's tasks report to both: the first call comes after all are there.
  const assignment = () => transport.consumer().assignment();
  const gaps = new GapWatch({ partitions: config.PARTITIONS, ttlMs: settings.ttlMs, assignment });
  const report = new DedupeReport(createDedupeMetrics(metricsRegistry, assignment), gaps, kit.logger);
  const transport: KafkaTransport = new KafkaTransport({
    kafka,
    groupId: settings.groupId,
    maxRecords: config.DEDUPE_MAX_BATCH,
    onFatal: (error) => kit.fatal(error),
    tasks: { changelog: TOPICS.seen, createTask: dedupeTasks(kafka, settings, report) },
  });
  const unread = measureUnread({
    ...{ kafka, groupId: settings.groupId, topics: [TOPICS.raw] },
    seen: (_topic, oldestSeconds) => report.unread(oldestSeconds),
    forget: () => report.unreadUnknown(),
    onFailure: (error) => report.notMeasured(error),
  });
  return { transport, report, unread };
}

/** What only dedupe writes, partition by partition. */
const OUTPUTS = [TOPICS.unique, TOPICS.seen, TOPICS.duplicates, TOPICS.dedupeDeadLetter];

export function dedupeTasks(
  kafka: Pick<Kafka, 'transactionalProducer'>,
  settings: DedupeSettings,
  report: DedupeReport,
) {
  return (partition: number): DedupePartition => {
    // The id belongs to the partition and not to the process: whoever takes the partition over shuts its predecessor out.
    const transactionalId = `${settings.groupId}-${TOPICS.raw}-${partition}`;
    const soleWriter = {
      outputs: OUTPUTS.map((topic) => ({ topic, partition })),
      input: { groupId: settings.groupId, topic: TOPICS.raw, partition },
      inputOffsetOf: rawOffsetOf,
    };
    const producer = kafka.transactionalProducer({ transactionalId, soleWriter });
    return new DedupePartition(partition, { producer, store: new TableStore(settings.ttlMs), report }, settings);
  };
}
