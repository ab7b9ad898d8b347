/** Where partitions end, asked of their leader. */
import type { Broker } from 'kafkajs';
import type { TopicPartition } from '../wire.js';

/** A reader may see all up to the high watermark. */
export const READ_UNCOMMITTED = 0;
/** A reader may see what is committed, up to the last stable offset. */
export const READ_COMMITTED = 1;

/** The call is there, the types leave it out. */
interface ListingBroker {
  listOffsets(of: {
    replicaId: number;
    isolationLevel: number;
    topics: readonly { topic: string; partitions: readonly { partition: number; timestamp: string }[] }[];
  }): Promise<{ responses: { topic: string; partitions: { partition: number; offset: string }[] }[] }>;
}

const LATEST = '-1';
const NO_REPLICA = -1;

/** The end of each partition, in their order; -1 where the answer leaves one out. @throws the client's own error */
export async function listEnds(
  leader: Broker,
  partitions: readonly TopicPartition[],
  isolationLevel: number,
): Promise<number[]> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))].map((topic) => ({
    topic,
    partitions: partitions
      .filter((at) => at.topic === topic)
      .map(({ partition }) => ({ partition, timestamp: LATEST })),
  }));
  const listing = leader as unknown as ListingBroker;
  const { responses } = await listing.listOffsets({ replicaId: NO_REPLICA, isolationLevel, topics });
  return partitions.map(({ topic, partition }) => {
    const found = responses.find((answer) => answer.topic === topic)?.partitions;
    return Number(found?.find((answer) => answer.partition === partition)?.offset ?? -1);
  });
}
