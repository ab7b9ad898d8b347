/** kafkajs's view of the cluster: who leads a partition, and a connection to it. Its partition assigners are the public way to one. */
import type { Cluster, Consumer } from 'kafkajs';
import type { KafkaOptions } from '../port.js';
import type { TopicPartition } from '../wire.js';
import { toKafkaError } from './client-errors.js';
import { newClient, type ClientPatience } from './client.js';

/** A connected cluster object and the consumer that carries it, which is never joined to a group. */
export interface OpenCluster {
  readonly cluster: Cluster;
  readonly carrier: Consumer;
}

/** @throws KafkaError `unavailable` */
export async function openCluster(options: KafkaOptions, patience?: ClientPatience): Promise<OpenCluster> {
  let cluster: Cluster | undefined;
  const carrier = newClient(options, patience).consumer({
    groupId: `${options.clientId}-unused`,
    allowAutoTopicCreation: false,
    partitionAssigners: [
      (config) => {
        cluster = config.cluster;
        return {
          name: 'unused',
          version: 0,
          assign: () => Promise.resolve([]),
          protocol: () => ({ name: 'unused', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  try {
    await carrier.connect();
  } catch (error) {
    throw toKafkaError(error, 'connecting to the brokers');
  }
  return { cluster: cluster!, carrier };
}

/** Looks again who leads what, after a failure. @throws the client's own error */
export async function refreshCluster(cluster: Cluster, cause: unknown): Promise<void> {
  const { name, host, port } = (cause ?? {}) as { name?: string; host?: string; port?: number };
  if (name === 'KafkaJSConnectionClosedError' && host !== undefined && port !== undefined)
    cluster.removeBroker({ host, port });
  if (!cluster.isConnected()) await cluster.connect();
  await cluster.refreshMetadata();
}

const NO_LEADER = -1;

/** Which broker leads a partition, as the cluster object knows it now. */
export class Leaders {
  /** By the client's own list, which is a new one after each look at the cluster. */
  private readonly known = new WeakMap<object, Map<number, number>>();

  constructor(private readonly cluster: Cluster) {}

  /** Asked only for topics that the cluster object follows; -1 when there is no leader. */
  of({ topic, partition }: TopicPartition): number {
    const found = this.cluster.findTopicPartitionMetadata(topic);
    let leaders = this.known.get(found);
    if (leaders === undefined) {
      leaders = new Map(found.map(({ partitionId, leader }) => [partitionId, leader]));
      this.known.set(found, leaders);
    }
    return leaders.get(partition) ?? NO_LEADER;
  }

  /** The items of each leader together, in their order. */
  group<T>(items: readonly T[], partitionOf: (item: T) => TopicPartition): Map<number, T[]> {
    const byLeader = new Map<number, T[]>();
    for (const item of items) {
      const leader = this.of(partitionOf(item));
      byLeader.set(leader, [...(byLeader.get(leader) ?? []), item]);
    }
    return byLeader;
  }
}
