/** Partitions as keys, and grouped the way kafkajs wants them. */
import type { OffsetsByTopicPartition } from 'kafkajs';
import type { TopicPartition } from '../wire.js';

/** One text per partition. */
export const keyOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;

/** For pause and resume. */
export function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  return [...grouped(partitions)].map(([topic, list]) => ({ topic, partitions: list.map((at) => at.partition) }));
}

/** For commits. */
export function offsetsByTopic(
  offsets: readonly (TopicPartition & { readonly nextOffset: number })[],
): OffsetsByTopicPartition {
  const topics = [...grouped(offsets)].map(([topic, list]) => ({
    topic,
    partitions: list.map(({ partition, nextOffset }) => ({ partition, offset: String(nextOffset) })),
  }));
  return { topics };
}

function grouped<P extends TopicPartition>(partitions: readonly P[]): Map<string, P[]> {
  const topics = new Map<string, P[]>();
  for (const at of partitions) {
    const known = topics.get(at.topic);
    if (known === undefined) topics.set(at.topic, [at]);
    else known.push(at);
  }
  return topics;
}
