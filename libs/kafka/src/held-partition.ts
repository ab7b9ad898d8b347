/** Records of one partition that wait for their time. Pure: the clock comes in as an argument. */
import { DueHeap } from './due-heap.js';
import type { ConsumedRecord } from './port.js';

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
  private order: Held[] = [];
  private readTo_: number;
  private earliestBehind = Number.NEGATIVE_INFINITY;

  /** @param position the next offset to read, which is also where the group stands */
  constructor(position: number) {
    this.readTo_ = position;
  }

  /** The next offset to be read. */
  get readTo(): number {
    return this.readTo_;
  }

  /** The next offset to be committed: everything before it has gone on. */
  get settledTo(): number {
    return this.order[0]?.record.offset ?? this.readTo_;
  }

  /** When the first record that waits was written; `undefined` when none does. */
  get oldest(): number | undefined {
    return this.order[0]?.record.timestamp;
  }

  get size(): number {
    return this.order.length;
  }

  get nextDue(): number {
    return this.heap.nextDue;
  }

  add(record: ConsumedRecord, { due, earliestBehind }: DueTimes): void {
    if (record.offset < this.readTo_) return;
    const held = { record, due, done: false };
    this.order.push(held);
    this.heap.push(due, held);
    this.readTo_ = record.offset + 1;
    // A clock that was set back must not let it look as if less had to be read.
    this.earliestBehind = Math.max(this.earliestBehind, earliestBehind);
  }

  /** Moves over offsets that hold nothing to see. */
  reach(nextOffset: number): void {
    this.readTo_ = Math.max(this.readTo_, nextOffset);
  }

  /** Whether a record that is not read yet could be due before the first one in hand, or soon. */
  shouldReadOn(now: number, maxHeld: number): boolean {
    if (this.size >= maxHeld) return false;
    return (
      this.earliestBehind - LEAD_MS <= Math.max(this.heap.nextDue === Infinity ? 0 : this.heap.nextDue, now + LEAD_MS)
    );
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
    this.order = first < 0 ? [] : this.order.slice(first);
  }

  /** They could not go on, and wait as before. */
  putBack(records: readonly Held[]): void {
    for (const held of records) this.heap.push(held.due, held);
  }
}
