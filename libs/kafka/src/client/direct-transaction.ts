/**
 * The requests of a transactional producer, sent one by one: to the coordinators and leaders themselves, and nothing repeated but what a
 * broker refused. Whatever else goes wrong ends the session: who takes the id over next gets a higher epoch, and with that every
 * request of this session which may still be on its way is shut out.
 */
import type { Broker, Cluster } from 'kafkajs';
import { BATCH_LIMITS, sizeOf } from '../batching-producer.js';
import { KafkaError } from '../errors.js';
import type {
  HangingTransaction,
  StampedRecord,
  TopicPartition,
  TransactionSessionOptions,
  WriteOutcome,
} from '../wire.js';
import { errorTypes } from './client-errors.js';
import { outcomesOf, requestProduce, type SequencedWrite } from './direct-produce.js';
import { MarkerWatch } from './marker-watch.js';
import { Leaders, refreshCluster } from './open-cluster.js';
import { describeProducers, writeMarker } from './transaction-markers.js';

/** The calls are there, the types leave them out. */
interface TransactionBroker {
  initProducerId(of: { transactionalId: string; transactionTimeout: number }): Promise<ProducerIdentity>;
  addPartitionsToTxn(of: Owner & { topics: readonly { topic: string; partitions: number[] }[] }): Promise<unknown>;
  addOffsetsToTxn(of: Owner & { groupId: string }): Promise<unknown>;
  txnOffsetCommit(of: Owner & { groupId: string; topics: readonly OffsetTopic[] }): Promise<unknown>;
  endTxn(of: Owner & { transactionResult: boolean }): Promise<unknown>;
}

interface CoordinatorCluster {
  findGroupCoordinator(of: { groupId: string; coordinatorType: number }): Promise<Broker & { nodeId: number }>;
}

interface OffsetTopic {
  readonly topic: string;
  readonly partitions: readonly { readonly partition: number; readonly offset: string }[];
}

interface ProducerIdentity {
  readonly producerId: string;
  readonly producerEpoch: number;
}

/** Who writes, in every request. */
type Owner = ProducerIdentity & { readonly transactionalId: string };

/** An input position that is committed with the records. */
export interface InputOffset extends TopicPartition {
  readonly groupId: string;
  readonly nextOffset: number;
}

/** Who to ask: a group's coordinator or that of a transactional id. */
interface Coordinated {
  readonly id: string;
  readonly kind: typeof GROUP | typeof TRANSACTION;
}

const GROUP = 0;
const TRANSACTION = 1;

/**
 * The markers of the last commit are not written yet, or the coordinator moves or loads. The same request again is right: it asks for
 * the same, and changes nothing where it was done after all.
 */
const REFUSALS: ReadonlySet<string> = new Set([
  'CONCURRENT_TRANSACTIONS',
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
]);
const PATIENCE_MS = 5000;
/** The markers of a commit take some milliseconds, and each transaction waits for those of the last. */
const FIRST_PAUSE_MS = 2;
const MAX_PAUSE_MS = 200;
const REQUEST_TIMEOUT_MS = 10_000;
/** Sequence numbers begin again after this many. */
const SEQUENCES = 2 ** 31;

/** One producer id and epoch of one transactional id. Dead after the first throw. */
export class DirectTransactions {
  private readonly coordinators = new Map<string, number>();
  private readonly sequences = new Map<string, number>();
  private readonly leaders: Leaders;
  private readonly topics = new Set<string>();
  private readonly markers: MarkerWatch | undefined;

  private constructor(
    private readonly cluster: Cluster,
    private readonly owner: Owner,
    { isSoleWriter = false } = {},
  ) {
    this.leaders = new Leaders(cluster);
    if (isSoleWriter) this.markers = new MarkerWatch(cluster, this.leaders);
  }

  /** Takes the id over: an open transaction of an earlier owner is settled before this resolves. */
  static async begin(
    cluster: Cluster,
    transactionalId: string,
    { timeoutMs, isSoleWriter }: TransactionSessionOptions,
  ): Promise<DirectTransactions> {
    const nobody = { transactionalId, producerId: '-1', producerEpoch: -1 };
    const identity = await new DirectTransactions(cluster, nobody).ask(
      { id: transactionalId, kind: TRANSACTION },
      (broker) => broker.initProducerId({ transactionalId, transactionTimeout: timeoutMs }),
    );
    const { producerId, producerEpoch } = identity;
    return new DirectTransactions(cluster, { transactionalId, producerId, producerEpoch }, { isSoleWriter });
  }

  /** Writes everything and commits. */
  async run(writes: readonly { target: TopicPartition; records: readonly StampedRecord[] }[], offset?: InputOffset) {
    if (writes.length === 0 && offset === undefined) return;
    await this.add(
      writes.map(({ target }) => target),
      offset?.groupId,
    );
    // Both are over before an error leaves: a straggler must not write into what is thrown away.
    const parts = await Promise.allSettled([this.write(writes), this.writeOffset(offset)]);
    throwFirst(parts);
    await this.endWith(true);
    await this.markers?.arrived();
  }

  /** Ends what an earlier owner's transaction left without a marker, partition by partition, then what is pending in the group. */
  async end({ partitions, groupId, commit, offset }: HangingTransaction): Promise<void> {
    await this.know(partitions.map(({ topic }) => topic));
    for (const at of partitions) await this.mark(at, commit);
    // What is pending then moves with an offset of its own; if this is interrupted, it is aborted, and nothing else with it.
    if (commit && offset === undefined) return;
    await this.add([], groupId);
    await this.writeOffset(offset);
    await this.endWith(commit);
  }

  private async mark(at: TopicPartition, commit: boolean): Promise<void> {
    const leader = await this.cluster.findBroker({ nodeId: String(this.leaders.of(at)) });
    const producerId = BigInt(this.owner.producerId);
    const known = await describeProducers(leader, at);
    const mine = known.find((state) => state.producerId === producerId && state.openFrom >= 0n);
    if (mine === undefined) return;
    // A coordinator that has never written there is told as -1; the first one is 0.
    const coordinatorEpoch = Math.max(0, mine.coordinatorEpoch);
    await writeMarker(leader, { ...mine, producerEpoch: this.owner.producerEpoch, coordinatorEpoch }, commit);
  }

  /** Resolves when nothing is asked any more. */
  async stop(): Promise<void> {
    await this.markers?.stop();
  }

  /** One after the other on one connection, so the broker takes them in this order though nobody waits in between. */
  private async add(targets: readonly TopicPartition[], groupId: string | undefined): Promise<void> {
    const transaction = { id: this.owner.transactionalId, kind: TRANSACTION } as const;
    const requests: ((broker: TransactionBroker) => Promise<unknown>)[] = [];
    if (targets.length > 0) {
      await this.know(targets.map(({ topic }) => topic));
      const topics = partitionsByTopic(targets);
      requests.push((broker) => broker.addPartitionsToTxn({ ...this.owner, topics }));
    }
    if (groupId !== undefined) requests.push((broker) => broker.addOffsetsToTxn({ ...this.owner, groupId }));
    throwFirst(await Promise.allSettled(requests.map((request) => this.ask(transaction, request))));
  }

  private async endWith(transactionResult: boolean): Promise<void> {
    const transaction = { id: this.owner.transactionalId, kind: TRANSACTION } as const;
    await this.ask(transaction, (broker) => broker.endTxn({ ...this.owner, transactionResult }));
  }

  private async know(topics: readonly string[]): Promise<void> {
    const unknown = topics.filter((topic) => !this.topics.has(topic));
    if (unknown.length === 0) return;
    for (const topic of unknown) await this.cluster.addTargetTopic(topic);
    for (const topic of unknown) this.topics.add(topic);
  }

  private async writeOffset(offset: InputOffset | undefined): Promise<void> {
    if (offset === undefined) return;
    const { groupId, topic, partition, nextOffset } = offset;
    const topics = [{ topic, partitions: [{ partition, offset: String(nextOffset) }] }];
    await this.ask({ id: groupId, kind: GROUP }, (broker) =>
      broker.txnOffsetCommit({ ...this.owner, groupId, topics }),
    );
  }

  /** One batch per partition at a time, so that a repeat keeps its place. */
  private async write(writes: readonly { target: TopicPartition; records: readonly StampedRecord[] }[]): Promise<void> {
    const queues = writes.map(({ target, records }) => ({ target, batches: inBatches(records) }));
    for (let round = 0; ; round++) {
      const batches = queues.flatMap(({ target, batches }) => {
        const records = batches[round];
        return records === undefined
          ? []
          : [{ target, records, firstSequence: this.nextSequence(target, records.length) }];
      });
      if (batches.length === 0) return;
      await this.writeAll(batches);
    }
  }

  private nextSequence(target: TopicPartition, count: number): number {
    const key = nameOf(target);
    const first = this.sequences.get(key) ?? 0;
    this.sequences.set(key, (first + count) % SEQUENCES);
    return first;
  }

  /** Repeats what a broker refused, with the same sequence numbers: a batch that is there after all is not written again. */
  private async writeAll(batches: readonly SequencedWrite[]): Promise<void> {
    let left = batches;
    for (const pause of pauses()) {
      const outcomes = await this.writeOnce(left);
      const refused = left.filter((_, i) => typeof outcomes[i] !== 'number');
      left.forEach(({ target, records }, i) => {
        const first = outcomes[i];
        if (typeof first === 'number') this.markers?.wrote(target, first + records.length);
      });
      if (refused.length === 0) return;
      const failures = outcomes.filter((outcome) => typeof outcome !== 'number');
      const lasting = failures.find((failure) => failure.code !== 'unavailable');
      if (lasting !== undefined || pause === undefined) throw lasting ?? failures[0]!;
      await sleep(pause);
      await refreshCluster(this.cluster, undefined);
      left = refused;
    }
  }

  private async writeOnce(batches: readonly SequencedWrite[]): Promise<WriteOutcome[]> {
    const outcomes = new Map<SequencedWrite, WriteOutcome>();
    const requests = await Promise.allSettled(
      [...this.leaders.group(batches, ({ target }) => target)].map(async ([leader, writes]) => {
        const broker = await this.cluster.findBroker({ nodeId: String(leader) });
        const answer = await requestProduce(broker, writes, { timeoutMs: REQUEST_TIMEOUT_MS, owner: this.owner });
        outcomesOf(writes, answer).forEach((outcome, i) => outcomes.set(writes[i]!, outcome));
      }),
    );
    throwFirst(requests);
    return batches.map((batch) => outcomes.get(batch)!);
  }

  private async ask<T>(whom: Coordinated, call: (broker: TransactionBroker) => Promise<T>): Promise<T> {
    for (const pause of pauses()) {
      try {
        return await call(await this.coordinator(whom));
      } catch (error) {
        const types = errorTypes(error);
        if (pause === undefined || !types.some((type) => REFUSALS.has(type))) throw error;
        if (!types.includes('CONCURRENT_TRANSACTIONS')) this.coordinators.delete(keyOf(whom));
        await sleep(pause);
      }
    }
    throw new KafkaError('unavailable', 'no try was made');
  }

  /** Looked up once: kafkajs's own way asks for it before each request. */
  private async coordinator(whom: Coordinated): Promise<TransactionBroker> {
    const known = this.coordinators.get(keyOf(whom));
    if (known !== undefined) {
      return (await this.cluster.findBroker({ nodeId: String(known) })) as unknown as TransactionBroker;
    }
    const { id: groupId, kind: coordinatorType } = whom;
    const finder = this.cluster as unknown as CoordinatorCluster;
    const found = await finder.findGroupCoordinator({ groupId, coordinatorType });
    this.coordinators.set(keyOf(whom), found.nodeId);
    return found as unknown as TransactionBroker;
  }
}

function throwFirst(results: readonly PromiseSettledResult<unknown>[]): void {
  for (const result of results) if (result.status === 'rejected') throw result.reason as unknown;
}

/** The pauses between tries; `undefined` with the last one. */
function* pauses(): Generator<number | undefined> {
  const until = Date.now() + PATIENCE_MS;
  for (let pause = FIRST_PAUSE_MS; Date.now() + pause < until; pause = Math.min(MAX_PAUSE_MS, pause * 1.5)) yield pause;
  yield undefined;
}

/** In what one request may hold of a partition. */
function inBatches(records: readonly StampedRecord[]): (readonly StampedRecord[])[] {
  const batches: StampedRecord[][] = [];
  let bytes = Infinity;
  for (const record of records) {
    bytes += sizeOf(record);
    if (bytes > BATCH_LIMITS.bytes) {
      batches.push([]);
      bytes = sizeOf(record);
    }
    batches.at(-1)!.push(record);
  }
  return batches;
}

function partitionsByTopic(targets: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>();
  for (const { topic, partition } of targets) topics.set(topic, [...(topics.get(topic) ?? []), partition]);
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const nameOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;
const keyOf = ({ id, kind }: Coordinated) => `${kind} ${id}`;
