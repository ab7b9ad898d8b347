/**
 * Records of one partition between the client's fetches and the handler. The client fetches ahead of what is handled; this holds what it
 * brought, in order, without a hole and within bounds, and tells the client where to go on.
 */
import type { RecordBatch } from './port.js';
import { ReadPosition } from './read-position.js';
import type { FetchedBatch, GroupMember, Stretch, TopicPartition } from './wire.js';

/** The partition is paused when this much waits, and resumed when half of it does. One more fetch may come on top. */
export interface IntakeLimits {
  readonly records: number;
  readonly bytes: number;
}

const MAX_BYTES = 1024 * 1024;

/** Two calls' worth of records: one is in hand while the next is fetched. */
export const limitsFor = (maxRecords: number): IntakeLimits => ({ records: 2 * maxRecords, bytes: MAX_BYTES });

/** What one call of a handler gets, and how its offset is committed. */
export interface Taken {
  readonly batch: RecordBatch;
  readonly commit: FetchedBatch['commit'];
}

interface Waiting {
  readonly records: FetchedBatch['records'];
  /** Records already handed out. */
  taken: number;
  nextOffset: number;
  readonly commit: FetchedBatch['commit'];
}

/** Closed until {@link open}: the partition is paused and nothing is taken. */
export class PartitionIntake {
  private waiting: Waiting[] = [];
  private records = 0;
  private bytes = 0;
  private position = new ReadPosition(0);
  private isOpen = false;
  private isFull = false;

  constructor(
    private readonly at: TopicPartition,
    private readonly member: GroupMember,
    private readonly limits: IntakeLimits,
  ) {}

  /** The next offset to be fetched. */
  get end(): number {
    return this.position.next;
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** Up to here everything was taken; `undefined` while something waits, and when closed: what was dropped is not settled. */
  get takenTo(): number | undefined {
    return this.isOpen && this.isEmpty ? this.end : undefined;
  }

  /** Drops what waits and goes on from a position. */
  open(position: number): void {
    this.drop();
    this.position = new ReadPosition(position);
    this.isOpen = true;
    this.goOn();
  }

  /** Drops what waits and takes nothing more. */
  close(): void {
    this.drop();
    this.isOpen = false;
    this.member.pause([this.at]);
  }

  /** The client forgot its position, and perhaps which partitions were paused; what waits here is still good. */
  goOn(): void {
    if (this.isOpen) this.member.seek(this.at, this.end);
    if (this.isOpen && !this.isFull) this.member.resume([this.at]);
    else this.member.pause([this.at]);
  }

  /** Answers where to fetch next; `undefined` when the batch was not taken. */
  add(batch: FetchedBatch): number | undefined {
    if (!this.isOpen || !this.follows(batch.from)) return undefined;
    // A fetch that began before a seek, or a leader's move, may bring again what is here already.
    const isKnown = batch.from < this.end;
    const records = isKnown ? batch.records.filter(({ offset }) => offset >= this.end) : batch.records;
    if (records.length > 0) {
      this.waiting.push({ records, taken: 0, nextOffset: batch.nextOffset, commit: batch.commit });
      this.records += records.length;
      this.bytes += bytesOf(records);
    }
    this.reach(batch.nextOffset);
    this.throttle();
    return this.end;
  }

  /** Moves over offsets that hold nothing to see; they are committed with the records before them. */
  skip({ from, nextOffset }: Stretch): void {
    if (this.isOpen && this.follows(from)) this.reach(nextOffset);
  }

  /** The oldest records, at most `limit`, from as many fetches as it takes. */
  take(limit: number): Taken | undefined {
    const parts: FetchedBatch['records'][] = [];
    let [count, last, nextOffset]: [number, Waiting | undefined, number] = [0, undefined, 0];
    for (let first; count < limit && (first = this.waiting[0]) !== undefined; last = first) {
      const part = first.records.slice(first.taken, first.taken + limit - count);
      parts.push(part);
      count += part.length;
      first.taken += part.length;
      const isDone = first.taken === first.records.length;
      nextOffset = isDone ? first.nextOffset : part.at(-1)!.offset + 1;
      if (isDone) this.waiting.shift();
    }
    if (last === undefined) return undefined;
    const records = parts.length === 1 ? parts[0]! : parts.flat();
    this.records -= count;
    this.bytes -= bytesOf(records);
    this.throttle();
    const { topic, partition } = this.at;
    return { batch: { topic, partition, records, nextOffset }, commit: last.commit };
  }

  private follows(from: number): boolean {
    const follows = this.position.follows(from);
    if (!follows) this.member.seek(this.at, this.end);
    return follows;
  }

  private reach(nextOffset: number): void {
    if (nextOffset <= this.end) return;
    this.position.reach(nextOffset);
    const last = this.waiting.at(-1);
    if (last !== undefined) last.nextOffset = nextOffset;
  }

  private throttle(): void {
    const { records, bytes } = this.limits;
    if (this.isFull && this.records <= records / 2 && this.bytes <= bytes / 2) {
      this.isFull = false;
      this.member.resume([this.at]);
    } else if (!this.isFull && (this.records >= records || this.bytes >= bytes)) {
      this.isFull = true;
      this.member.pause([this.at]);
    }
  }

  private drop(): void {
    this.waiting = [];
    this.records = this.bytes = 0;
    this.isFull = false;
  }
}

function bytesOf(records: FetchedBatch['records']): number {
  let bytes = 0;
  for (const { key, value } of records) bytes += (key?.length ?? 0) + (value?.length ?? 0);
  return bytes;
}
