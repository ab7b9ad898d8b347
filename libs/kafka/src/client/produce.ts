/** Writing without transactions: each request to the leader itself, and its answer believed only as far as it goes. */
import type { Message, RecordMetadata } from 'kafkajs';
import { KafkaError } from '../errors.js';
import type { KafkaOptions, OutgoingRecord } from '../port.js';
import type { PartitionWrite, ProduceWire, TopicPartition, WriteOutcome } from '../wire.js';
import { toKafkaError } from './client-errors.js';
import { outcomesOf, requestProduce, writeFailure } from './direct-produce.js';
import { openCluster, refreshCluster, type OpenCluster } from './open-cluster.js';
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
  const requestTimeout = Math.max(1000, requestTimeoutMs);
  // No patience of its own: the lanes above send again, and a slot held by a waiting retry would stall other partitions.
  const open = await openCluster(options, { requestTimeout, retries: 1 });
  const report = (error: unknown) => {
    const { message } = toKafkaError(error, 'looking for the leaders');
    options.log?.({ level: 'warn', message, fields: {} });
  };
  return new ClientProduceWire(open, { admin, requestTimeout, report });
}

const NO_LEADER = -1;

class ClientProduceWire implements ProduceWire {
  /** By the client's own list, which is a new one after each look at the cluster. */
  private readonly leaders = new WeakMap<object, Map<number, number>>();
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly open: OpenCluster,
    private readonly parts: {
      readonly admin: ClientTopicAdmin;
      readonly requestTimeout: number;
      report(error: unknown): void;
    },
  ) {}

  async partitionCount(topic: string): Promise<number> {
    const count = await this.parts.admin.partitionCount(topic);
    try {
      await this.open.cluster.addTargetTopic(topic);
    } catch (error) {
      throw writeFailure({ topic, partition: 0 }, error);
    }
    return count;
  }

  leaderOf({ topic, partition }: TopicPartition): number {
    const found = this.open.cluster.findTopicPartitionMetadata(topic);
    let leaders = this.leaders.get(found);
    if (leaders === undefined) {
      leaders = new Map(found.map(({ partitionId, leader }) => [partitionId, leader]));
      this.leaders.set(found, leaders);
    }
    return leaders.get(partition) ?? NO_LEADER;
  }

  async produce(leader: number, writes: readonly PartitionWrite[]): Promise<readonly WriteOutcome[]> {
    let outcomes: WriteOutcome[];
    let failure: unknown;
    try {
      const broker = await this.open.cluster.findBroker({ nodeId: String(leader) });
      outcomes = outcomesOf(writes, await requestProduce(broker, writes, this.parts.requestTimeout));
    } catch (error) {
      failure = error;
      outcomes = writes.map(({ target }) => writeFailure(target, error));
    }
    if (outcomes.some((outcome) => typeof outcome !== 'number' && outcome.canRetry)) this.lookAgain(failure);
    return outcomes;
  }

  close(): Promise<void> {
    return this.open.carrier.disconnect();
  }

  /** Leaders move and connections break. Not waited for: what was answered is passed on, and the lanes have their pauses. */
  private lookAgain(failure: unknown): void {
    this.refreshing ??= refreshCluster(this.open.cluster, failure)
      .catch((error: unknown) => this.parts.report(error))
      .finally(() => (this.refreshing = undefined));
  }
}
