/**
 * Group commit. A record goes out in the same turn of the event loop while a request to its broker is free; while all are busy, records
 * collect in their lanes, so that load makes requests larger instead of waits longer. There is no linger. One request takes
 * every lane of its broker that is ready, and each lane has its own answer in it.
 */
import { KafkaError } from './errors.js';
import { Lanes, takeParcels, type BatchLimits, type Lane, type Parcel, type Sending } from './lanes.js';
import { partitionFor } from './partitioner.js';
import type { BatchingProducer, BatchingProducerOptions, OutgoingRecord, RecordPosition } from './port.js';
import type { ProduceWire, WriteOutcome } from './wire.js';

/** Below the 1 MB that brokers accept by default, with room for the batch's own header. */
export const BATCH_LIMITS: BatchLimits = { records: 500, bytes: 900_000 };
/** A request with this much gets no further batch: it bounds what one broker's answer is waited for. */
const REQUEST_BYTES = 1024 * 1024;
const FIRST_BACKOFF_MS = 20;
const MAX_BACKOFF_MS = 500;
/** Counted for each record beyond key, value and headers: lengths, deltas, attributes. */
const RECORD_OVERHEAD = 24;

/** The size of a record on the wire, roughly and never far below. */
export function sizeOf(record: OutgoingRecord): number {
  let bytes = RECORD_OVERHEAD + (record.value?.length ?? 0) + (record.key === null ? 0 : Buffer.byteLength(record.key));
  for (const name in record.headers) bytes += name.length + Buffer.byteLength(record.headers[name]!) + 4;
  return bytes;
}

/** A topic whose partition count is known, or the senders that wait for it. */
type Topic = { count: number; next: number } | { waiting: { entry: Sending; partition: number | undefined }[] };

/** {@link BatchingProducer} over any wire. */
export class LaneProducer implements BatchingProducer {
  private readonly lanes = new Lanes();
  private readonly topics = new Map<string, Topic>();
  private readonly deliveryTimeoutMs: number;
  private readonly maxInFlight: number;
  /** Requests on the wire, by broker. */
  private readonly inFlight = new Map<number, number>();
  private pumping: NodeJS.Immediate | undefined;
  private pending = 0;
  private expiryTimer: NodeJS.Timeout | undefined;
  private retryTimer: NodeJS.Timeout | undefined;
  private onIdle: (() => void) | undefined;
  private closed = false;

  constructor(
    private readonly wire: ProduceWire,
    options: BatchingProducerOptions = {},
  ) {
    this.deliveryTimeoutMs = options.deliveryTimeoutMs ?? 5000;
    this.maxInFlight = options.maxRequestsInFlight ?? 1;
  }

  send(topic: string, record: OutgoingRecord, options?: { partition?: number }): Promise<RecordPosition> {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new KafkaError('closed', 'the producer has been closed'));
      const now = Date.now();
      this.accept(topic, options?.partition, {
        record: { ...record, timestamp: record.timestamp ?? now },
        bytes: sizeOf(record),
        deadline: now + this.deliveryTimeoutMs,
        settled: false,
        resolve,
        reject,
      });
    });
  }

  async close(): Promise<void> {
    const first = !this.closed;
    this.closed = true;
    if (this.pending > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
    clearTimeout(this.expiryTimer);
    clearTimeout(this.retryTimer);
    if (first) await this.wire.close();
  }

  private accept(topic: string, partition: number | undefined, entry: Sending): void {
    this.pending++;
    this.expiryTimer ??= setTimeout(() => this.expire(), this.deliveryTimeoutMs);
    const known = this.topics.get(topic);
    if (known === undefined) {
      const waiting = [{ entry, partition }];
      this.topics.set(topic, { waiting });
      void this.learn(topic, waiting);
    } else if ('waiting' in known) known.waiting.push({ entry, partition });
    else this.enqueue(topic, known, entry, partition);
  }

  /** Asks for the partition count; those who wait for it keep their order. */
  private async learn(topic: string, waiting: { entry: Sending; partition: number | undefined }[]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const known = { count: await this.wire.partitionCount(topic), next: 0 };
        this.topics.set(topic, known);
        for (const { entry, partition } of waiting) if (!entry.settled) this.enqueue(topic, known, entry, partition);
        return;
      } catch (error) {
        const failure = error as KafkaError;
        for (const { entry } of waiting) {
          if (failure.canRetry) entry.lastFailure = failure;
          else this.settle(entry, () => entry.reject(failure));
        }
        if (waiting.every(({ entry }) => entry.settled)) {
          this.topics.delete(topic);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, backoff(attempt)));
      }
    }
  }

  private enqueue(topic: string, known: { count: number; next: number }, entry: Sending, wanted?: number): void {
    const { key } = entry.record;
    const partition = wanted ?? (key === null ? known.next++ % known.count : partitionFor(key, known.count));
    if (partition < 0 || partition >= known.count || !Number.isInteger(partition)) {
      const message = `topic "${topic}" has ${known.count} partitions: there is no partition ${partition}`;
      return this.settle(entry, () => entry.reject(new KafkaError('topic-mismatch', message)));
    }
    this.lanes.lane(topic, partition).push(entry);
    this.pumpSoon();
  }

  /** After this turn's input: sends that arrive together, each on a connection of its own, share the request. */
  private pumpSoon(): void {
    this.pumping ??= setImmediate(() => {
      this.pumping = undefined;
      this.pump();
    });
  }

  private pump(): void {
    // What is left in the lanes has been rejected, and the wire may be closed.
    if (this.pending === 0) return;
    const now = Date.now();
    for (const [leader, lanes] of this.readyByLeader(now)) {
      while (lanes.length > 0 && (this.inFlight.get(leader) ?? 0) < this.maxInFlight) {
        const parcels = takeParcels(lanes, BATCH_LIMITS, REQUEST_BYTES);
        if (parcels.length > 0) void this.dispatch(leader, parcels);
      }
    }
    this.wakeForRetry(now);
  }

  private readyByLeader(now: number): Map<number, Lane[]> {
    const byLeader = new Map<number, Lane[]>();
    for (const lane of this.lanes.ready(now)) {
      const leader = this.wire.leaderOf(lane.target);
      const lanes = byLeader.get(leader);
      if (lanes === undefined) byLeader.set(leader, [lane]);
      else lanes.push(lane);
    }
    return byLeader;
  }

  private async dispatch(leader: number, parcels: readonly Parcel[]): Promise<void> {
    this.inFlight.set(leader, (this.inFlight.get(leader) ?? 0) + 1);
    for (const { lane, batch } of parcels) lane.inFlight = batch;
    const outcomes = await this.wire.produce(
      leader,
      parcels.map(({ lane, batch }) => ({ target: lane.target, records: batch.map(({ record }) => record) })),
    );
    // One moment for all: lanes that failed together go again together.
    const now = Date.now();
    parcels.forEach((parcel, i) => this.answered(parcel, outcomes[i], now));
    this.inFlight.set(leader, this.inFlight.get(leader)! - 1);
    this.pumpSoon();
  }

  private answered(parcel: Parcel, outcome: WriteOutcome | undefined, now: number): void {
    const { lane, batch } = parcel;
    lane.inFlight = [];
    if (typeof outcome === 'number') {
      lane.failures = 0;
      lane.maxRecords = Number.POSITIVE_INFINITY;
      batch.forEach((entry, i) => this.settle(entry, () => entry.resolve({ ...lane.target, offset: outcome + i })));
    } else this.onFailure(parcel, outcome ?? new KafkaError('unconfirmed', 'the wire did not answer this write'), now);
  }

  private onFailure({ lane, batch }: Parcel, failure: KafkaError, now: number): void {
    if (failure.code === 'record-too-large' && batch.length > 1) {
      // The topic takes less than a whole batch: halves, until the single record that is too large stands alone.
      lane.maxRecords = Math.ceil(batch.length / 2);
    } else if (failure.canRetry) {
      lane.failures++;
      lane.notBefore = now + backoff(lane.failures);
      for (const entry of batch) entry.lastFailure = failure;
    } else {
      for (const entry of batch) this.settle(entry, () => entry.reject(failure));
    }
    lane.putBack(batch);
  }

  private wakeForRetry(now: number): void {
    const at = this.lanes.nextRetryAt(now);
    if (at === undefined) return;
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.pump(), Math.max(1, at - now));
  }

  /** Rejects what is overdue. One timer for all: under load it fires once per time limit, not once per record. */
  private expire(): void {
    const now = Date.now();
    let next = Infinity;
    for (const entry of this.waitingEverywhere()) {
      if (entry.deadline > now) next = Math.min(next, entry.deadline);
      else this.settle(entry, () => entry.reject(this.overdue(entry)));
    }
    this.expiryTimer = next === Infinity ? undefined : setTimeout(() => this.expire(), Math.max(1, next - now));
  }

  private *waitingEverywhere(): Generator<Sending> {
    yield* this.lanes.unsettled();
    for (const topic of this.topics.values())
      if ('waiting' in topic) for (const { entry } of topic.waiting) if (!entry.settled) yield entry;
  }

  private overdue(entry: Sending): KafkaError {
    const reason = entry.lastFailure === undefined ? '' : `: ${entry.lastFailure.message}`;
    const message = `not acknowledged within ${this.deliveryTimeoutMs} ms${reason}`;
    return new KafkaError('delivery-timeout', message, { cause: entry.lastFailure });
  }

  private settle(entry: Sending, answer: () => void): void {
    if (entry.settled) return;
    entry.settled = true;
    answer();
    if (--this.pending > 0) return;
    clearTimeout(this.expiryTimer);
    this.expiryTimer = undefined;
    this.onIdle?.();
  }
}

function backoff(failures: number): number {
  return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failures - 1));
}
