/** The twin: the same port over a cluster in memory, for tests and simulations that need no broker. */
import { KafkaError } from '../errors.js';
import type { Kafka, TopicAdmin, TransactionContents } from '../port.js';
import { problemsOf } from '../topic-problems.js';
import { differencesOf, splitDifferences } from '../topic-settings.js';
import type {
  LogReader,
  PartitionWrite,
  ProduceWire,
  TopicPartition,
  TransactionSession,
  TransactionSessionOptions,
  Wires,
  WriteOutcome,
} from '../wire.js';
import { WiredKafka } from '../wired-kafka.js';
import { InMemoryCluster } from './cluster.js';
import { InMemoryMember } from './member.js';

const READ_RECORDS = 1000;

/** Settings of an in-memory Kafka. */
export interface InMemoryKafkaOptions {
  /** Share one cluster between several connections; default: a new one. */
  readonly cluster?: InMemoryCluster;
}

/**
 * A {@link Kafka} without a broker. It has what the rules of this system depend on: partitions, offsets, committed reading
 * with control records, fencing by epoch, groups that rebalance, and the same errors. It has no replication, no retention and no disk.
 */
export function createInMemoryKafka(options: InMemoryKafkaOptions = {}): Kafka {
  return new WiredKafka(wiresOf(options.cluster ?? new InMemoryCluster()));
}

function wiresOf(cluster: InMemoryCluster): Wires {
  const reader = readerOf(cluster);
  return {
    admin: adminOf(cluster),
    transactions: {
      open: async (id, options) => {
        await cluster.reach();
        return sessionOf(cluster, id, options);
      },
    },
    // There they are at once, or lost.
    markersWithinMs: 0,
    openProduce: async () => {
      await cluster.reach();
      return produceWireOf(cluster);
    },
    reader: () => Promise.resolve(reader),
    member: (options) => new InMemoryMember(cluster, options),
    report: () => undefined,
    close: () => Promise.resolve(),
  };
}

function produceWireOf(cluster: InMemoryCluster): ProduceWire {
  return {
    async partitionCount(topic) {
      await cluster.reach();
      return cluster.logs(topic).length;
    },
    leaderOf: () => 0,
    produce: (_leader, writes) =>
      cluster.reach().then(
        () => writes.map((write) => outcomeOf(cluster, write)),
        (error: KafkaError) => writes.map(() => error),
      ),
    close: () => Promise.resolve(),
  };
}

function outcomeOf(cluster: InMemoryCluster, { target, records }: PartitionWrite): WriteOutcome {
  try {
    return cluster.write(target, records);
  } catch (error) {
    return error as KafkaError;
  }
}

function sessionOf(
  cluster: InMemoryCluster,
  id: string,
  { timeoutMs, isSoleWriter }: TransactionSessionOptions,
): TransactionSession {
  const epoch = cluster.fence(id);
  let written: readonly TopicPartition[] = [];
  return {
    async transact({ writes, offset }: TransactionContents) {
      if (isSoleWriter) for (const at of written) requireMarker(cluster, at);
      written = writes;
      cluster.begin(id, epoch, timeoutMs);
      for (const { topic, partition, records } of writes) {
        for (const record of records) cluster.writeIn(id, epoch, { topic, partition }, [record]);
        // Between any two steps another owner may take the id over.
        await cluster.reach();
      }
      if (offset !== undefined) cluster.offsetIn(id, epoch, offset.groupId, offset);
      await cluster.reach();
      cluster.end(id, epoch, 'committed');
    },
    async end({ partitions, groupId, commit, offset }) {
      await cluster.reach();
      for (const at of partitions) cluster.mark(id, epoch, at, commit ? 'committed' : 'aborted');
      if (commit && offset === undefined) return;
      cluster.begin(id, epoch, timeoutMs);
      cluster.offsetIn(id, epoch, groupId, offset);
      await cluster.reach();
      cluster.end(id, epoch, commit ? 'committed' : 'aborted');
    },
    close: () => Promise.resolve(),
  };
}

function requireMarker(cluster: InMemoryCluster, at: TopicPartition): void {
  const { lastStable, high } = cluster.log(at);
  if (lastStable < high) throw new KafkaError('transaction-failed', `no marker in ${at.topic}/${at.partition}`);
}

function readerOf(cluster: InMemoryCluster): LogReader {
  const range = (partition: TopicPartition) => {
    const { low, lastStable } = cluster.log(partition);
    return { low, end: lastStable };
  };
  return {
    async partitions(topic) {
      await cluster.reach();
      return cluster.logs(topic).map((_, partition) => partition);
    },
    async range(partition) {
      await cluster.reach();
      return range(partition);
    },
    async highWatermark(partition) {
      await cluster.reach();
      return cluster.log(partition).high;
    },
    async read({ topic, partition, from, end, uncommitted }, onBatch) {
      for (let position = from; position < end;) {
        await cluster.reach();
        const { records, nextOffset } = cluster
          .log({ topic, partition })
          .slice(position, READ_RECORDS, { end, uncommitted });
        if (nextOffset <= position)
          throw new KafkaError('client', `nothing to read at ${topic}/${partition} ${position}`);
        await onBatch(records, nextOffset);
        position = nextOffset;
      }
    },
    async first({ topic, partition, from, end }) {
      await cluster.reach();
      return cluster.log({ topic, partition }).slice(from, 1, { end }).records[0];
    },
  };
}

function adminOf(cluster: InMemoryCluster): TopicAdmin {
  return {
    async createMissing(topics) {
      await cluster.reach();
      return topics.filter((topic) => cluster.create(topic)).map(({ name }) => name);
    },
    async list() {
      await cluster.reach();
      return [...cluster.counts().keys()];
    },
    async check(topics) {
      await cluster.reach();
      return problemsOf(topics, cluster.counts());
    },
    async compareSettings(topics) {
      await cluster.reach();
      return differencesOf(topics, cluster.settings());
    },
    async raiseSettings(topics) {
      await cluster.reach();
      const aligned = splitDifferences(differencesOf(topics, cluster.settings()));
      aligned.raised.forEach((difference) => cluster.set(difference));
      return aligned;
    },
    async offsets(topic) {
      await cluster.reach();
      return cluster.logs(topic).map(({ low, lastStable }) => ({ low, high: lastStable }));
    },
    async committed(groupId, topic) {
      await cluster.reach();
      const group = cluster.group(groupId);
      return cluster.logs(topic).map((_, partition) => group.committed({ topic, partition }));
    },
  };
}
