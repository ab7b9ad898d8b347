/** Writing without transactions: each request to the leader itself, and its answer believed only as far as it goes. */
import type { KafkaOptions } from '../port.js';
import type { PartitionWrite, ProduceWire, TopicPartition, WriteOutcome } from '../wire.js';
import { toKafkaError } from './client-errors.js';
import { outcomesOf, requestProduce, writeFailure } from './direct-produce.js';
import { Leaders, openCluster, refreshCluster, type OpenCluster } from './open-cluster.js';
import type { ClientTopicAdmin } from './provisioning.js';

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

class ClientProduceWire implements ProduceWire {
  private readonly leaders: Leaders;
  private refreshing: Promise<void> | undefined;

  constructor(
    private readonly open: OpenCluster,
    private readonly parts: {
      readonly admin: ClientTopicAdmin;
      readonly requestTimeout: number;
      report(error: unknown): void;
    },
  ) {
    this.leaders = new Leaders(open.cluster);
  }

  async partitionCount(topic: string): Promise<number> {
    const count = await this.parts.admin.partitionCount(topic);
    try {
      await this.open.cluster.addTargetTopic(topic);
    } catch (error) {
      throw writeFailure({ topic, partition: 0 }, error);
    }
    return count;
  }

  leaderOf(target: TopicPartition): number {
    return this.leaders.of(target);
  }

  async produce(leader: number, writes: readonly PartitionWrite[]): Promise<readonly WriteOutcome[]> {
    let outcomes: WriteOutcome[];
    let failure: unknown;
    try {
      const broker = await this.open.cluster.findBroker({ nodeId: String(leader) });
      outcomes = outcomesOf(writes, await requestProduce(broker, writes, { timeoutMs: this.parts.requestTimeout }));
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
