/**
 * The seam inside this library: all rules (lanes, group commit, assignment sequence) are written against these few calls,
 * and two wires implement them, the real client (`client/`) and the in-memory cluster (`in-memory/`).
 */
import type { KafkaError } from './errors.js';
import type { ConsumedRecord, OutgoingRecord, RecordBatch, TopicAdmin, TransactionContents } from './port.js';

/** A partition of a topic. */
export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** An outgoing record whose timestamp is fixed, so that sending it again writes the same record. */
export type StampedRecord = OutgoingRecord & { readonly timestamp: number };

/** Writes batches, one partition per call. */
export interface ProduceWire {
  /** @throws KafkaError `topic-mismatch` when the topic does not exist. */
  partitionCount(topic: string): Promise<number>;
  /** Answers the offset of the first record. @throws KafkaError */
  produce(target: TopicPartition, records: readonly StampedRecord[]): Promise<number>;
  close(): Promise<void>;
}

/** One life of a transactional id, from its fence to its first error. */
export interface TransactionSession {
  /** @throws KafkaError; the session is dead after a throw. */
  transact(contents: TransactionContents): Promise<void>;
  /** Never rejects. */
  close(): Promise<void>;
}

/** Opens transaction sessions: opening one fences all earlier ones of the same id. */
export interface TransactionWire {
  open(transactionalId: string, transactionTimeoutMs: number): Promise<TransactionSession>;
}

/** Records of one partition as they came from one fetch. */
export interface FetchedBatch extends RecordBatch {
  /** The consumer's next position after the first `nextOffset - 1` offsets were dealt with. */
  resolve(nextOffset: number): void;
  /**
   * Commits next offsets for the group, also those of other partitions of the same assignment.
   * @throws the client's own error, which {@link GroupListener.fetched} must let through.
   */
  commit(offsets: readonly (TopicPartition & { readonly nextOffset: number })[]): Promise<void>;
}

/** What a group member is told. The two calls without a promise run before anything is fetched under the new assignment. */
export interface GroupListener {
  /** A new assignment replaces the old one. Called synchronously: pauses set here precede the first fetch. */
  assigned(partitions: readonly TopicPartition[]): void;
  /** The group has begun to rebalance, or this member was thrown out: batches not yet begun should be let go. */
  unsettled(error: unknown): void;
  /** Never called twice at once for one partition. */
  fetched(batch: FetchedBatch): Promise<void>;
  /** The position moved over offsets that hold nothing to see. */
  skipped(partition: TopicPartition, nextOffset: number): void;
  failed(error: KafkaError): void;
}

/** Membership of one consumer group. */
export interface GroupMember {
  /** Joins; resolves after the first assignment. */
  start(listener: GroupListener): Promise<void>;
  /** Lets the batches in hand finish, leaves, disconnects. */
  stop(): Promise<void>;
  /** True while this member takes part in a settled generation. */
  isJoined(): boolean;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  seek(partition: TopicPartition, offset: number): void;
  /** Commits positions beyond offsets that hold nothing to see. */
  commit(offsets: readonly (TopicPartition & { readonly nextOffset: number })[]): Promise<void>;
  /** Records behind the log end after the last batch. */
  lag(partition: TopicPartition): number;
}

/** How a consumer wants its membership. */
export interface GroupMemberOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs?: number | undefined;
}

/** Reads stretches of the log without a group, as committed readers see it. */
export interface LogReader {
  partitions(topic: string): Promise<readonly number[]>;
  /** First offset, and the last stable offset. */
  range(partition: TopicPartition): Promise<{ readonly low: number; readonly end: number }>;
  /** Hands over what is visible in [from, end), in order; skips what was deleted meanwhile. */
  read(
    partition: TopicPartition & { readonly from: number; readonly end: number },
    onBatch: (records: readonly ConsumedRecord[], nextOffset: number) => void | Promise<void>,
  ): Promise<void>;
}

/** All calls of one connection. */
export interface Wires {
  readonly admin: TopicAdmin;
  readonly transactions: TransactionWire;
  openProduce(deliveryTimeoutMs: number): Promise<ProduceWire>;
  reader(): Promise<LogReader>;
  /** Not joined before its `start`. */
  member(options: GroupMemberOptions): GroupMember;
  /** Something went wrong that is handled, and that somebody may want to see. */
  report(what: string, error: unknown): void;
  close(): Promise<void>;
}
