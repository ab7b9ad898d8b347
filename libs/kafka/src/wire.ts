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

/** Records for one partition. */
export interface PartitionWrite {
  readonly target: TopicPartition;
  readonly records: readonly StampedRecord[];
}

/** The offset of a write's first record, or why it is not known to be in the log. */
export type WriteOutcome = number | KafkaError;

/** Writes batches: one request to one broker, with any number of its partitions. */
export interface ProduceWire {
  /** @throws KafkaError `topic-mismatch` when the topic does not exist. */
  partitionCount(topic: string): Promise<number>;
  /** The broker that takes the writes of this partition now; asked only after {@link partitionCount} has answered. */
  leaderOf(target: TopicPartition): number;
  /** Answers each write by itself, in their order. Never rejects. */
  produce(leader: number, writes: readonly PartitionWrite[]): Promise<readonly WriteOutcome[]>;
  close(): Promise<void>;
}

/** One life of a transactional id, from its fence to its first error. */
export interface TransactionSession {
  /** @throws KafkaError; the session is dead after a throw. */
  transact(contents: TransactionContents): Promise<void>;
  /** Ends what hangs in these partitions, and the group's pending offsets of this id. @throws KafkaError, as {@link transact} */
  end(hanging: HangingTransaction): Promise<void>;
  /** Never rejects. */
  close(): Promise<void>;
}

/** A transaction that its coordinator took for ended, while some partitions never got its marker; and how it shall end there. */
export interface HangingTransaction {
  readonly partitions: readonly TopicPartition[];
  readonly groupId: string;
  readonly commit: boolean;
  /** An input position that goes with it. */
  readonly offset?: NonNullable<TransactionContents['offset']>;
}

/** How a session works. */
export interface TransactionSessionOptions {
  readonly timeoutMs: number;
  /** Nobody else writes where it writes: then it can see whether its transactions have really ended, and does. */
  readonly isSoleWriter: boolean;
}

/** Opens transaction sessions: opening one fences all earlier ones of the same id. */
export interface TransactionWire {
  open(transactionalId: string, options: TransactionSessionOptions): Promise<TransactionSession>;
}

/** Offsets of one partition that one fetch covered, from where the client stood to where it goes on. */
export interface Stretch extends TopicPartition {
  readonly from: number;
  readonly nextOffset: number;
}

/** Records of one partition as they came from one fetch. */
export interface FetchedBatch extends RecordBatch, Stretch {
  /**
   * Commits next offsets for the group, also those of other partitions of the same assignment.
   * @throws what the client reported, or KafkaError `unavailable` under a newer assignment
   */
  readonly commit: (offsets: readonly (TopicPartition & { readonly nextOffset: number })[]) => Promise<void>;
}

/** What a group member is told. Nothing here waits for a handler, so that one slow partition does not hold up the fetch of the others. */
export interface GroupListener {
  /** A new assignment replaces the old one. Called synchronously: pauses and positions set here precede the first fetch. */
  assigned(partitions: readonly TopicPartition[]): void;
  /**
   * The group is about to settle anew: nothing is begun before the next assignment. Resolves once nothing is in hand; the member
   * waits for it, within a limit, before it joins.
   */
  letGo(): Promise<void>;
  /** Answers where to fetch next; `undefined`: the batch was not taken and the position stays. */
  fetched(batch: FetchedBatch): number | undefined;
  /** The client moved over offsets that hold nothing to see. */
  skipped(stretch: Stretch): void;
  failed(error: KafkaError): void;
}

/** Membership of one consumer group. */
export interface GroupMember {
  /** Joins; resolves after the first assignment. */
  start(listener: GroupListener): Promise<void>;
  /** Leaves, disconnects. */
  stop(): Promise<void>;
  /** True while this member takes part in a settled generation. */
  isJoined(): boolean;
  pause(partitions: readonly TopicPartition[]): void;
  resume(partitions: readonly TopicPartition[]): void;
  seek(partition: TopicPartition, offset: number): void;
  /**
   * Where the group goes on: the committed offsets, or the first ones in the log. Patient while the brokers are away; `undefined` when
   * a newer assignment came first.
   */
  positions(partitions: readonly TopicPartition[]): Promise<readonly number[] | undefined>;
  /** Commits positions beyond offsets that hold nothing to see. */
  commit(offsets: readonly (TopicPartition & { readonly nextOffset: number })[]): Promise<void>;
  /** The next offset to be written, as of the last fetch that brought something. */
  logEnd(partition: TopicPartition): number | undefined;
}

/** How a consumer wants its membership. */
export interface GroupMemberOptions {
  readonly groupId: string;
  readonly topics: readonly string[];
  readonly sessionTimeoutMs?: number | undefined;
  /** Bytes of one partition that a fetch brings, if its records are not larger. Default: the client's. */
  readonly fetchBytes?: number | undefined;
}

/** Reads stretches of the log without a group. */
export interface LogReader {
  partitions(topic: string): Promise<readonly number[]>;
  /** First offset, and the last stable offset. */
  range(partition: TopicPartition): Promise<{ readonly low: number; readonly end: number }>;
  /** The next offset to be written, as far as every in-sync replica has the log: beyond the last stable one while transactions are open. */
  highWatermark(partition: TopicPartition): Promise<number>;
  /** Hands over what committed readers see in [from, end), or all there is, in order; skips what was deleted meanwhile. */
  read(
    partition: TopicPartition & { readonly from: number; readonly end: number; readonly uncommitted?: boolean },
    onBatch: (records: readonly ConsumedRecord[], nextOffset: number) => void | Promise<void>,
  ): Promise<void>;
  /** The first record that committed readers see in [from, end); `undefined` when there is none. */
  first(
    partition: TopicPartition & { readonly from: number; readonly end: number },
  ): Promise<ConsumedRecord | undefined>;
}

/** All calls of one connection. */
export interface Wires {
  readonly admin: TopicAdmin;
  readonly transactions: TransactionWire;
  /** How long after its end the markers of a transaction may be on their way. */
  readonly markersWithinMs: number;
  openProduce(deliveryTimeoutMs: number): Promise<ProduceWire>;
  reader(): Promise<LogReader>;
  /** Not joined before its `start`. */
  member(options: GroupMemberOptions): GroupMember;
  /** Something went wrong that is handled, and that somebody may want to see. */
  report(what: string, error: unknown): void;
  close(): Promise<void>;
}
