/** Records of one partition that wait for their time. Pure: the clock comes in as an argument. */
import { DueHeap } from './due-heap.js';
import type { ConsumedRecord } from './port.js';
import { ReadPosition } from './read-position.js';

/** Records that a resume or a fetch may take are read this long before anybody could need them, in milliseconds. */
const LEAD_MS = 2000;

/** When a record may go on, and when the first of those behind it may at the earliest; milliseconds since the epoch. */
export interface DueTimes {
  readonly due: number;
  readonly earliestBehind: number;
}

interface Held {
  readonly record: ConsumedRecord;
  readonly due: number;
  done: boolean;
}

/** What is held, and how far the partition is settled without a hole. */
export class HeldPartition {
  private readonly heap = new DueHeap<Held>();
  /** In log order, from the first that is not done. */
  private readonly order: Held[] = [];
  private readonly position: ReadPosition;
  private earliestBehind = Number.NEGATIVE_INFINITY;
  private bytes_ = 0;

  /** @param position the next offset to read, which is also where the group stands */
  constructor(position: number) {
    this.position = new ReadPosition(position);
  }

  /** The next offset to be read. */
  get readTo(): number {
    return this.position.next;
  }

  /** The next offset to be committed: everything before it has gone on. */
  get settledTo(): number {
    return this.order[0]?.record.offset ?? this.position.next;
  }

  /** When the first record that waits was written; `undefined` when none does. */
  get oldest(): number | undefined {
    return this.order[0]?.record.timestamp;
  }

  get size(): number {
    return this.order.length;
  }

  /** Bytes of keys and values in hand. */
  get bytes(): number {
    return this.bytes_;
  }

  get nextDue(): number {
    return this.heap.nextDue;
  }

  /** Whether a fetch from there leaves nothing out. */
  follows(from: number): boolean {
    return this.position.follows(from);
  }

  add(record: ConsumedRecord, { due, earliestBehind }: DueTimes): void {
    if (record.offset < this.position.next) return;
    const held = { record, due, done: false };
    this.order.push(held);
    this.heap.push(due, held);
    this.bytes_ += bytesOf(record);
    this.position.reach(record.offset + 1);
    // A clock that was set back must not let it look as if less had to be read.
    this.earliestBehind = Math.max(this.earliestBehind, earliestBehind);
  }

  /** Moves over offsets that hold nothing to see. */
  reach(nextOffset: number): void {
    this.position.reach(nextOffset);
  }

  /** Whether a record that is not read yet could be due before the first one in hand, or soon. */
  shouldReadOn(now: number): boolean {
    const firstInHand = this.heap.size > 0 ? this.heap.nextDue : Number.NEGATIVE_INFINITY;
    return this.earliestBehind - LEAD_MS <= Math.max(firstInHand, now + LEAD_MS);
  }

  /** When the answer of {@link shouldReadOn} may change by time alone. */
  get readOnAt(): number {
    return this.earliestBehind - 2 * LEAD_MS;
  }

  /** Takes what is due, the earliest first, at most `limit`. */
  takeDue(now: number, limit: number): Held[] {
    const due: Held[] = [];
    while (due.length < limit && this.heap.nextDue <= now) due.push(this.heap.pop());
    return due;
  }

  /** They have gone on. */
  settle(records: readonly Held[]): void {
    for (const held of records) held.done = true;
    const first = this.order.findIndex(({ done }) => !done);
    const gone = this.order.splice(0, first < 0 ? this.order.length : first);
    for (const { record } of gone) this.bytes_ -= bytesOf(record);
  }

  /** They could not go on, and wait as before. */
  putBack(records: readonly Held[]): void {
    for (const held of records) this.heap.push(held.due, held);
  }
}

function bytesOf({ key, value }: ConsumedRecord): number {
  return (key?.length ?? 0) + (value?.length ?? 0);
}
