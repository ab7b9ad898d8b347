/**
 * What the rest of the system knows of Kafka. Two implementations stand behind it, the real client
 * (`connectKafka`) and an in-memory twin (`createInMemoryKafka`), and both pass one conformance suite.
 * Offsets are numbers: exact up to 2^53 records a partition.
 */
import type { TopicDeclaration } from '@onceline/contracts';
import type { KafkaError } from './errors.js';
import type { AlignedTopics, SettingDifference } from './topic-settings.js';

/** Header values are readable text (UTF-8). */
export type RecordHeaders = Readonly<Record<string, string>>;

/** A record to be written. The value's bytes are stored exactly as given; `null` is a tombstone. */
export interface OutgoingRecord {
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers?: RecordHeaders;
  /** Milliseconds since the epoch; the time of sending when absent. */
  readonly timestamp?: number;
}

/** A record as it was read. */
export interface ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: Buffer | null;
  readonly headers: RecordHeaders;
}

/** Records of one partition in log order. May be empty when only control records were read. */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly ConsumedRecord[];
  /** The next offset to commit once every record here is settled; beyond control records that nobody sees. */
  readonly nextOffset: number;
}

/** Where an acknowledged record lies. */
export interface RecordPosition {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

/** Writes single records; concurrent calls share produce requests (group commit). */
export interface BatchingProducer {
  /**
   * Resolves once all in-sync replicas have the record. The partition is `options.partition`, else that of the key
   * (murmur2, as Kafka's own default partitioner), so equal keys share a partition.
   * @throws KafkaError `delivery-timeout`, `unavailable`, `unconfirmed` (the record may be in the log), `record-too-large`, `closed`.
   */
  send(topic: string, record: OutgoingRecord, options?: { partition?: number }): Promise<RecordPosition>;
  /** Sends what is queued, then disconnects. Later sends reject with `closed`. */
  close(): Promise<void>;
}

/** Settings of a batching producer. */
export interface BatchingProducerOptions {
  /** A record not acknowledged after this many milliseconds is rejected. Default 5000. */
  readonly deliveryTimeoutMs?: number;
  /**
   * Produce requests on the wire to one broker at once; while all are busy the next batches collect. Default 1: a broker answers the
   * requests of one connection one after the other, so that more of them are only smaller.
   */
  readonly maxRequestsInFlight?: number;
}

/** All that one transaction writes. Declared at once, so that no caller can get the order wrong. */
export interface TransactionContents {
  readonly writes: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly records: readonly OutgoingRecord[];
  }[];
  /** Input offset committed with the writes. */
  readonly offset?: {
    readonly groupId: string;
    readonly topic: string;
    readonly partition: number;
    readonly nextOffset: number;
  };
}

/** One transactional id. One per input partition, so that one partition of an output topic has one writer. */
export interface TransactionalProducer {
  /**
   * Takes the id over: an earlier owner gets `fenced`, its open transaction is settled before this resolves, and with a
   * {@link SoleWriter} also one that a broker called ended while some partition never got its marker.
   */
  fence(): Promise<void>;
  /**
   * Writes everything and commits, or throws. After a throw the outcome is unknown: call {@link fence}, then ask for the
   * committed offset. The producer may be used again after fencing.
   * @throws KafkaError `transaction-failed` (recover), `fenced` (stop), `closed`.
   */
  transact(contents: TransactionContents): Promise<void>;
  close(): Promise<void>;
}

/** Settings of a transactional producer. */
export interface TransactionalProducerOptions {
  readonly transactionalId: string;
  /** After this many milliseconds the broker aborts an abandoned transaction. Default 10000. */
  readonly transactionTimeoutMs?: number;
  /** Lets {@link TransactionalProducer.fence} end what an earlier owner left hanging because a broker lost its markers. */
  readonly soleWriter?: SoleWriter;
}

/** What nobody writes but the owners of one transactional id, and how far each record there goes in the input. */
export interface SoleWriter {
  readonly outputs: readonly { readonly topic: string; readonly partition: number }[];
  readonly input: { readonly groupId: string; readonly topic: string; readonly partition: number };
  /** The input offset that an output record comes from; `undefined` when the record does not say it. */
  inputOffsetOf(record: ConsumedRecord): number | undefined;
}

/** What became of a set of batches. */
export type BatchOutcome =
  /** Every record is settled: commit the offsets and go on. */
  | { readonly settle: 'commit' }
  /** Nothing is settled: pause every partition, hand the same records over again after this many milliseconds. */
  | { readonly settle: 'redeliver'; readonly afterMs: number };

/** A consumer whose handler sees the batches of several partitions at once (one database transaction for all of them). */
export interface BatchConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Records in one call of `handle`, over all partitions, at most. Default 1000. */
  readonly maxRecords?: number;
  /** Never called twice at the same time. Each partition is present at most once. A throw is a defect: the consumer fails. */
  handle(batches: readonly RecordBatch[]): Promise<BatchOutcome>;
  /** The consumer is dead and does not come back: the process should exit. Called at most once. */
  onFailure(error: KafkaError): void;
  readonly sessionTimeoutMs?: number;
}

/** Offsets that are gone from the log: `from` the first one not read, `to` the first one that is left. */
export interface OffsetGap {
  readonly from: number;
  readonly to: number;
}

/** State of one assigned partition: built on assignment, restored from the changelog, dropped on revocation or error. */
export interface PartitionTask {
  /** First step of an assignment: shut out the previous owner. */
  fence(): Promise<void>;
  /** Changelog records in order, from its beginning to the end that was seen after the fence. */
  restore(records: readonly ConsumedRecord[]): void;
  /**
   * Retention deleted records that the group had not read: they are lost. Called before the records behind them are handled; a throw
   * is one of {@link handle}. Told again after each assignment, until the group has committed an offset beyond.
   */
  onGap?(gap: OffsetGap): Promise<void>;
  /** Handles one batch and commits its offset itself, in the transaction. Any throw: the task is closed and the assignment runs anew. */
  handle(batch: RecordBatch): Promise<void>;
  /** Frees what the task holds. Called once, also after a failed fence. */
  close(): Promise<void>;
}

/** A consumer with state per partition and exactly-once from its topic onwards. */
export interface PartitionConsumerOptions {
  readonly groupId: string;
  readonly topic: string;
  /** Co-partitioned with `topic`: partition p of it restores the task of partition p. */
  readonly changelog: string;
  /** Records in one batch at most. Default 1000. */
  readonly maxRecords?: number;
  createTask(partition: number): PartitionTask;
  onFailure(error: KafkaError): void;
  readonly sessionTimeoutMs?: number;
}

/** A consumer that keeps each record until its time, then sends it on: delayed topics. */
export interface HoldingConsumerOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** Records held of one partition at most, beside one fetch. Default 5000. */
  readonly maxHeld?: number;
  /** Bytes of keys and values held of all partitions together, beside one fetch of each. Default 64 MiB. */
  readonly maxHeldBytes?: number;
  /** When a record may go on, and when the first of those behind it in the log may at the earliest; milliseconds since the epoch. */
  dueTimesOf(record: ConsumedRecord): { readonly due: number; readonly earliestBehind: number };
  /** Never called before their time. Resolves once they are acknowledged; after a throw the same records come again. At least once. */
  forward(records: readonly ConsumedRecord[]): Promise<void>;
  /** The consumer is dead and does not come back: the process should exit. Called at most once. */
  onFailure(error: KafkaError): void;
  readonly sessionTimeoutMs?: number;
}

/** One assigned partition as seen from outside. */
export interface AssignedPartition {
  readonly topic: string;
  readonly partition: number;
  /** `restoring` until the task may handle records; `paused` while a redelivery waits. */
  readonly state: 'restoring' | 'running' | 'paused';
  /** Records behind the log end at the last fetch. */
  readonly lag: number;
}

/** A running consumer. */
export interface ConsumerHandle {
  /** Assigned partitions now; empty before the first assignment. */
  assignment(): readonly AssignedPartition[];
  /** True from the first completed assignment on, while every assigned partition is restored and the group is joined. */
  isReady(): boolean;
  /** Finishes the batch in hand, leaves the group, disconnects. */
  stop(): Promise<void>;
}

/** A running holding consumer. */
export interface HoldingHandle extends ConsumerHandle {
  /** When the oldest record that is held of this topic was written, milliseconds since the epoch; `undefined` when none is. */
  oldestHeld(topic: string): number | undefined;
}

/** A topic that is not as declared, with the sentence that says the fix. */
export interface TopicProblem {
  readonly topic: string;
  readonly message: string;
}

/** Topics and offsets, from the outside. */
export interface TopicAdmin {
  /** Creates what is missing, leaves what exists; answers the names created. */
  createMissing(
    topics: readonly TopicDeclaration[],
    options: { replicationFactor: number },
  ): Promise<readonly string[]>;
  /** The names of all topics there are. */
  list(): Promise<readonly string[]>;
  /** Missing topics and wrong partition counts. */
  check(topics: readonly TopicDeclaration[]): Promise<readonly TopicProblem[]>;
  /** Declared settings that a topic has otherwise; a topic that is not there differs in nothing. */
  compareSettings(topics: readonly TopicDeclaration[]): Promise<readonly SettingDifference[]>;
  /**
   * Sets the declared settings of topics that exist where that only gives room: larger records, longer retention. Nothing is ever
   * lowered: what else differs is answered and left.
   */
  raiseSettings(topics: readonly TopicDeclaration[]): Promise<AlignedTopics>;
  /** First and next offset (last stable offset) of each partition, indexed by partition. */
  offsets(topic: string): Promise<readonly { readonly low: number; readonly high: number }[]>;
  /** Committed next offset of each partition, `null` where the group has none. */
  committed(groupId: string, topic: string): Promise<readonly (number | null)[]>;
}

/** A connection to one cluster. */
export interface Kafka {
  readonly admin: TopicAdmin;
  producer(options?: BatchingProducerOptions): Promise<BatchingProducer>;
  transactionalProducer(options: TransactionalProducerOptions): TransactionalProducer;
  /** Starts consuming; resolves as soon as the first assignment is known. */
  consume(options: BatchConsumerOptions): Promise<ConsumerHandle>;
  /** Starts consuming with state per partition; resolves as soon as the first assignment is known. */
  consumePartitions(options: PartitionConsumerOptions): Promise<ConsumerHandle>;
  /** Starts holding; resolves as soon as the first assignment is known. */
  hold(options: HoldingConsumerOptions): Promise<HoldingHandle>;
  /**
   * Reads a whole topic once, as committed readers see it, from its beginning up to the end offsets found at the call.
   * Batches of one partition come in order. Leaves no group behind.
   */
  read(topic: string, onBatch: (batch: RecordBatch) => void | Promise<void>): Promise<void>;
  /**
   * When the oldest record of a topic was written that a group has not settled, milliseconds since the epoch; `undefined` when there is
   * none. Asked from outside the group, of all partitions, held by somebody or not.
   */
  oldestUnread(groupId: string, topic: string): Promise<number | undefined>;
  /** Closes everything this connection opened. */
  close(): Promise<void>;
}

/** What the Kafka client has to say on its own account: retries, reconnects, restarts. Errors that matter are thrown instead. */
export interface ClientLogEntry {
  readonly level: 'error' | 'warn';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Whom to trust at the other end of TLS, and what to show there. Texts in PEM form. */
export interface KafkaTls {
  /** Authorities; without it those that Node trusts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  /** False takes any certificate: nobody listens in, and anybody may stand at the other end. */
  readonly rejectUnauthorized: boolean;
}

/** Who this is, told to the brokers with SASL. */
export interface KafkaLogin {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
}

/** How to reach a cluster. */
export interface KafkaOptions {
  /** `host:port` of at least one broker. */
  readonly brokers: readonly string[];
  /** Without it the connections are plain ones. */
  readonly tls?: KafkaTls;
  /** Without it nobody logs in. */
  readonly sasl?: KafkaLogin;
  /** Shown in the broker's logs and metrics. */
  readonly clientId: string;
  /** Takes the client's own log lines; without it they are dropped. */
  readonly log?: (entry: ClientLogEntry) => void;
}
