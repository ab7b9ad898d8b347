/**
 * The queues of the batching producer: one lane per partition, at most one batch of a lane on the wire (that keeps its
 * order, also through repeats), and the lane whose first record has waited longest goes first. Pure: no clock, no I/O.
 */
import type { KafkaError } from './errors.js';
import type { RecordPosition } from './port.js';
import type { StampedRecord, TopicPartition } from './wire.js';

/** One record on its way, with the promise of its sender. */
export interface Sending {
  readonly record: StampedRecord;
  readonly bytes: number;
  readonly deadline: number;
  /** Set once the sender has its answer; such an entry is not sent again. */
  settled: boolean;
  /** Why the last try failed, for the sender whose time runs out. */
  lastFailure?: KafkaError;
  readonly resolve: (position: RecordPosition) => void;
  readonly reject: (error: KafkaError) => void;
}

/** How much one batch may hold. */
export interface BatchLimits {
  readonly records: number;
  readonly bytes: number;
}

/** What one lane has in a request. */
export interface Parcel {
  readonly lane: Lane;
  readonly batch: readonly Sending[];
}

/**
 * Takes what goes into one request from the front of these lanes, and those lanes from the list. A request that holds `bytes` gets no
 * further batch, so that it stays below that plus one batch.
 */
export function takeParcels(lanes: Lane[], limits: BatchLimits, bytes: number): Parcel[] {
  const parcels: Parcel[] = [];
  for (let held = 0, lane = lanes[0]; lane !== undefined && held < bytes; lane = lanes[0]) {
    lanes.shift();
    const batch = lane.take(limits);
    if (batch.length === 0) continue;
    for (const entry of batch) held += entry.bytes;
    parcels.push({ lane, batch });
  }
  return parcels;
}

/** The queue of one partition. */
export class Lane {
  private queue: Sending[] = [];
  private head = 0;
  /** The batch on the wire; empty when none is. */
  inFlight: readonly Sending[] = [];
  /** Not before this time: the last try failed. */
  notBefore = 0;
  failures = 0;
  /** Smaller than the usual batch after the broker found one too large. */
  maxRecords = Number.POSITIVE_INFINITY;

  constructor(readonly target: TopicPartition) {}

  get size(): number {
    return this.queue.length - this.head;
  }

  first(): Sending | undefined {
    return this.queue[this.head];
  }

  push(entry: Sending): void {
    this.queue.push(entry);
  }

  /** Takes the next batch: never empty while the lane is not, even when its first record alone is over the limit. */
  take(limits: BatchLimits): Sending[] {
    const batch: Sending[] = [];
    const most = Math.min(limits.records, this.maxRecords);
    let bytes = 0;
    for (let entry = this.first(); entry !== undefined && batch.length < most; entry = this.first()) {
      if (!entry.settled) {
        if (batch.length > 0 && bytes + entry.bytes > limits.bytes) break;
        bytes += entry.bytes;
        batch.push(entry);
      }
      this.head++;
    }
    this.compact();
    return batch;
  }

  /** Puts a failed batch back where it was: before everything that came later. */
  putBack(batch: readonly Sending[]): void {
    this.queue = [...batch.filter((entry) => !entry.settled), ...this.queue.slice(this.head)];
    this.head = 0;
  }

  /** Everything without an answer, oldest first. */
  *unsettled(): Generator<Sending> {
    for (const entry of this.inFlight) if (!entry.settled) yield entry;
    for (let i = this.head; i < this.queue.length; i++) if (!this.queue[i]!.settled) yield this.queue[i]!;
  }

  private compact(): void {
    // Settled entries hold whole records: let go of them, but not by moving the array on every batch.
    if (this.head === this.queue.length) this.queue = [];
    else if (this.head < 1024) return;
    else this.queue = this.queue.slice(this.head);
    this.head = 0;
  }
}

/** All lanes of one producer. */
export class Lanes {
  private readonly byTopic = new Map<string, Map<number, Lane>>();

  lane(topic: string, partition: number): Lane {
    let lanes = this.byTopic.get(topic);
    if (lanes === undefined) this.byTopic.set(topic, (lanes = new Map<number, Lane>()));
    let lane = lanes.get(partition);
    if (lane === undefined) lanes.set(partition, (lane = new Lane({ topic, partition })));
    return lane;
  }

  *all(): Generator<Lane> {
    for (const lanes of this.byTopic.values()) yield* lanes.values();
  }

  /** The lanes that may send: idle, due, and first those whose first record has waited longest. */
  ready(now: number): Lane[] {
    const ready: Lane[] = [];
    for (const lane of this.all())
      if (lane.size > 0 && lane.inFlight.length === 0 && lane.notBefore <= now) ready.push(lane);
    return ready.sort((a, b) => a.first()!.deadline - b.first()!.deadline);
  }

  /** When the next lane that holds back may send again; `undefined` when none holds back. */
  nextRetryAt(now: number): number | undefined {
    let at: number | undefined;
    for (const lane of this.all()) {
      if (lane.size > 0 && lane.inFlight.length === 0 && lane.notBefore > now && lane.notBefore < (at ?? Infinity))
        at = lane.notBefore;
    }
    return at;
  }

  *unsettled(): Generator<Sending> {
    for (const lane of this.all()) yield* lane.unsettled();
  }
}
