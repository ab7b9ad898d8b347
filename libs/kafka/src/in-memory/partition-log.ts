/** One partition in memory, with what makes Kafka's log different from an array: transactions and their control records. */
import type { ConsumedRecord } from '../port.js';
import type { StampedRecord, TopicPartition } from '../wire.js';

/** What one transactional id has written here since its last marker. */
interface Stretch {
  readonly first: number;
  state: 'open' | 'committed' | 'aborted';
}

interface Entry {
  readonly record: ConsumedRecord | null;
  readonly stretch?: Stretch | undefined;
}

/** An append-only log. Offsets are never used twice. */
export class PartitionLog {
  private entries: Entry[] = [];
  private low_ = 0;
  private readonly open = new Map<string, Stretch>();

  constructor(readonly at: TopicPartition) {}

  get low(): number {
    return this.low_;
  }

  get high(): number {
    return this.low_ + this.entries.length;
  }

  /** Readers of committed records see nothing from the first open transaction on. */
  get lastStable(): number {
    const open = [...this.open.values()].map(({ first }) => first);
    return Math.max(this.low_, Math.min(this.high, ...open));
  }

  /** @param writer the transactional id, inside a transaction */
  append(records: readonly StampedRecord[], writer?: string): number {
    const first = this.high;
    const stretch = writer === undefined ? undefined : (this.open.get(writer) ?? { first, state: 'open' });
    if (writer !== undefined && stretch !== undefined) this.open.set(writer, stretch);
    records.forEach(({ key, value, headers, timestamp }, i) => {
      // A broker has its own bytes; so that nobody here sees later changes of the sender's either.
      const bytes = value === null ? null : Buffer.from(value);
      const record = { ...this.at, offset: first + i, timestamp, key, value: bytes, headers: { ...headers } };
      this.entries.push({ record, stretch });
    });
    return first;
  }

  /** Writes the control record that ends here whatever this id has written since its last one. */
  end(writer: string, state: 'committed' | 'aborted'): void {
    const stretch = this.open.get(writer);
    if (stretch !== undefined) stretch.state = state;
    this.open.delete(writer);
    this.entries.push({ record: null });
  }

  /** What can be seen from an offset on, up to the last stable one unless told otherwise: at most `limit` records, and where to go on. */
  slice(
    from: number,
    limit: number,
    { end = this.lastStable, uncommitted = false } = {},
  ): { records: ConsumedRecord[]; nextOffset: number } {
    const records: ConsumedRecord[] = [];
    let offset = Math.max(from, this.low_);
    for (; offset < end && records.length < limit; offset++) {
      const { record, stretch } = this.entries[offset - this.low_]!;
      if (record !== null && (uncommitted || stretch?.state !== 'aborted')) records.push(record);
    }
    return { records, nextOffset: offset };
  }

  /** As retention does: what lies before the offset is gone. */
  deleteBefore(offset: number): void {
    const gone = Math.min(offset, this.high) - this.low_;
    if (gone <= 0) return;
    this.entries = this.entries.slice(gone);
    this.low_ += gone;
  }
}
