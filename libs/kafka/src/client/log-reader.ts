/**
 * Reads stretches of the log without a consumer group: nothing to join, to wait for or to delete afterwards, and one partition
 * at a time, so that it is known which partition an empty answer is about.
 */
import type { Broker, Cluster, Consumer } from 'kafkajs';
import { KafkaError } from '../errors.js';
import type { ConsumedRecord, KafkaOptions } from '../port.js';
import { missingTopic } from '../topic-problems.js';
import type { LogReader, TopicPartition } from '../wire.js';
import { errorTypes, toKafkaError } from './client-errors.js';
import type { FetchedPartition } from './client-patch.js';
import { READ_COMMITTED, READ_UNCOMMITTED, listEnds } from './list-offsets.js';
import { openCluster, refreshCluster } from './open-cluster.js';
import { askCoordinator } from './provisioning.js';
import { toRecord } from './records.js';

/** One answer is read while the next is on its way; larger ones only cost more memory. */
const MAX_BYTES = 1024 * 1024;
/** A broker sends one batch at least, however large. */
const ONE_BATCH = 1;
const MAX_WAIT_MS = 100;
const PATIENCE_MS = 30_000;
const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 500;
/** For a topic's partitions: one that was under way, and one of our own. */
const LOOKS = 3;

/** The call is there, the types leave it out. */
interface LeavingBroker {
  leaveGroup(member: { groupId: string; memberId: string }): Promise<void>;
}

type StretchToRead = TopicPartition & { readonly from: number; readonly end: number; readonly uncommitted?: boolean };

/** {@link LogReader} over the cluster object that kafkajs gives to partition assigners, its only public way to one. */
export class ClientLogReader implements LogReader {
  private constructor(
    private readonly consumer: Consumer,
    private readonly cluster: Cluster,
  ) {}

  static async open(options: KafkaOptions): Promise<ClientLogReader> {
    const { carrier, cluster } = await openCluster(options);
    return new ClientLogReader(carrier, cluster);
  }

  close(): Promise<void> {
    return this.consumer.disconnect();
  }

  async partitions(topic: string): Promise<readonly number[]> {
    try {
      await this.cluster.addTargetTopic(topic);
      // Partitions may have been added since: the client's own patience with what it knows is five minutes.
      await this.cluster.refreshMetadataIfNecessary();
      // A look at the cluster that began before the topic was added tells nothing of it, and whoever asks meanwhile gets that one.
      for (let looks = 0; looks < LOOKS && this.idsOf(topic).length === 0; looks++)
        await this.cluster.refreshMetadata();
    } catch (error) {
      const failure = toKafkaError(error, `looking up topic "${topic}"`);
      if (failure.code !== 'topic-mismatch') throw failure;
      throw new KafkaError('topic-mismatch', missingTopic(topic), { cause: error });
    }
    const found = this.idsOf(topic);
    if (found.length === 0)
      throw new KafkaError('unavailable', `looking up topic "${topic}": no partition is known yet`);
    return found;
  }

  private idsOf(topic: string): number[] {
    const found = this.cluster.findTopicPartitionMetadata(topic);
    return found.map(({ partitionId }) => partitionId).sort((a, b) => a - b);
  }

  async range(partition: TopicPartition): Promise<{ low: number; end: number }> {
    await this.partitions(partition.topic);
    return this.withPatience(`asking for the range of ${nameOf(partition)}`, async () => {
      const [low, end] = await Promise.all([this.offsetAt(partition, true), this.offsetAt(partition, false)]);
      return { low, end };
    });
  }

  /** First and last stable offset of each partition of a topic, two questions per leader. */
  async ranges(topic: string): Promise<readonly { low: number; high: number }[]> {
    const partitions = (await this.partitions(topic)).map((partition) => ({ partition }));
    return this.withPatience(`asking for the offsets of "${topic}"`, async () => {
      const ask = async (fromBeginning: boolean) => {
        const [found] = await this.cluster.fetchTopicsOffset([{ topic, partitions, fromBeginning }]);
        return new Map(found?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
      };
      // In this order, since both only grow.
      const lows = await ask(true);
      const highs = await ask(false);
      return partitions.map(({ partition }) => ({ low: answered(lows, partition), high: answered(highs, partition) }));
    });
  }

  async highWatermark(at: TopicPartition): Promise<number> {
    await this.partitions(at.topic);
    return this.withPatience(`asking for the end of ${nameOf(at)}`, async () => {
      const [end] = await listEnds(await this.leaderOf(at), [at], READ_UNCOMMITTED);
      return end!;
    });
  }

  async read(
    stretch: StretchToRead,
    onBatch: (records: readonly ConsumedRecord[], nextOffset: number) => void | Promise<void>,
  ): Promise<void> {
    await this.partitions(stretch.topic);
    // A fetch at the end of the log is kept by the broker until something comes, and everything behind it on this connection waits too.
    if (stretch.from >= stretch.end) return;
    for (let position = stretch.from, next = this.ahead(stretch, position); position < stretch.end;) {
      const { records, nextOffset } = await next;
      if (nextOffset < stretch.end) next = this.ahead(stretch, nextOffset);
      if (nextOffset > position) await onBatch(below(records, stretch.end), nextOffset);
      position = nextOffset;
    }
  }

  async first(stretch: StretchToRead): Promise<ConsumedRecord | undefined> {
    if (stretch.from >= stretch.end) return undefined;
    await this.partitions(stretch.topic);
    for (let position = stretch.from, last = -1; position < stretch.end && position > last;) {
      const from = position;
      const looking = `looking for the first record of ${nameOf(stretch)}`;
      const { records, nextOffset } = await this.withPatience(looking, () => this.fetchFrom(stretch, from, ONE_BATCH));
      const [first] = below(records, stretch.end);
      if (first !== undefined) return first;
      [last, position] = [position, nextOffset];
    }
    return undefined;
  }

  private ahead(stretch: StretchToRead, from: number): ReturnType<ClientLogReader['fetchFrom']> {
    const fetched = this.withPatience(`reading ${nameOf(stretch)}`, () => this.fetchFrom(stretch, from));
    // Whoever gives up in between does not wait for it any more.
    fetched.catch(() => undefined);
    return fetched;
  }

  private async fetchFrom(
    { topic, partition, uncommitted = false }: StretchToRead,
    from: number,
    maxBytes = MAX_BYTES,
  ): Promise<{ records: ConsumedRecord[]; nextOffset: number }> {
    const isolationLevel = uncommitted ? READ_UNCOMMITTED : READ_COMMITTED;
    let answer: FetchedPartition;
    try {
      answer = await this.fetch({ topic, partition, isolationLevel }, from, maxBytes);
    } catch (error) {
      if (!errorTypes(error).includes('OFFSET_OUT_OF_RANGE')) throw error;
      // The beginning was deleted under the reader.
      const low = await this.offsetAt({ topic, partition }, true);
      if (low <= from) throw error;
      return { records: [], nextOffset: low };
    }
    const last = Number(answer.messages.at(-1)?.offset ?? -1);
    if (last >= from) {
      const records: ConsumedRecord[] = [];
      for (const message of answer.messages)
        if (!message.isControlRecord && Number(message.offset) >= from)
          records.push(toRecord(topic, partition, message));
      return { records, nextOffset: last + 1 };
    }
    // Below the end an empty answer is a batch that compaction has emptied. kafkajs does not tell its length.
    const emptied = Number(uncommitted ? answer.highWatermark : answer.lastStableOffset) > from;
    return { records: [], nextOffset: emptied ? from + 1 : from };
  }

  private async leaderOf({ topic, partition }: TopicPartition): Promise<Broker> {
    const leader = Object.keys(this.cluster.findLeaderForPartitions(topic, [partition]))[0];
    if (leader === undefined) throw new KafkaError('topic-mismatch', `${topic} has no partition ${partition}`);
    return this.cluster.findBroker({ nodeId: leader });
  }

  private async fetch(
    { isolationLevel, ...at }: TopicPartition & { isolationLevel: number },
    from: number,
    maxBytes: number,
  ): Promise<FetchedPartition> {
    const { topic, partition } = at;
    const broker = await this.leaderOf(at);
    const answer = (await broker.fetch({
      maxWaitTime: MAX_WAIT_MS,
      minBytes: 1,
      maxBytes,
      isolationLevel,
      topics: [{ topic, partitions: [{ partition, fetchOffset: String(from), maxBytes }] }],
    })) as { responses: { partitions: FetchedPartition[] }[] };
    return answer.responses[0]!.partitions[0]!;
  }

  private async offsetAt({ topic, partition }: TopicPartition, fromBeginning: boolean): Promise<number> {
    const [found] = await this.cluster.fetchTopicsOffset([{ topic, partitions: [{ partition }], fromBeginning }]);
    return Number(found!.partitions[0]!.offset);
  }

  /** Takes a member out of a group, from the outside. */
  async leaveGroup(groupId: string, memberId: string): Promise<void> {
    await askCoordinator(`leaving group "${groupId}"`, async () => {
      const coordinator = (await this.cluster.findGroupCoordinator({ groupId })) as Broker & LeavingBroker;
      await coordinator.leaveGroup({ groupId, memberId });
    });
  }

  /** Leaders move and connections break; the log stays. */
  private async withPatience<T>(doing: string, ask: () => Promise<T>): Promise<T> {
    const until = Date.now() + PATIENCE_MS;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(MAX_PAUSE_MS, pause * 2)) {
      try {
        return await ask();
      } catch (error) {
        const failure = toKafkaError(error, doing);
        const passing = failure.canRetry || (failure.code !== 'refused' && errorTypes(error).length > 0);
        if (!passing || Date.now() + pause > until) throw failure;
        await new Promise((resolve) => setTimeout(resolve, pause));
        await this.refresh(error);
      }
    }
  }

  private async refresh(cause: unknown): Promise<void> {
    try {
      await refreshCluster(this.cluster, cause);
    } catch (error) {
      // The next try meets the same trouble and the patience above counts it.
      if (toKafkaError(error, 'refreshing').code === 'client') throw error;
    }
  }
}

/** The client leaves out what a broker does not answer for. */
function answered(offsets: ReadonlyMap<number, number>, partition: number): number {
  const offset = offsets.get(partition);
  if (offset === undefined) throw new KafkaError('unavailable', `nobody answers for partition ${partition}`);
  return offset;
}

/** Nearly always all of them. */
function below(records: readonly ConsumedRecord[], end: number): readonly ConsumedRecord[] {
  return (records.at(-1)?.offset ?? 0) < end ? records : records.filter(({ offset }) => offset < end);
}

const nameOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;
