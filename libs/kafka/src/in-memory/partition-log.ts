/** One partition in memory, with what makes Kafka's log different from an array: transactions and their control records. */
import type { ConsumedRecord } from '../port.js';
import type { StampedRecord, TopicPartition } from '../wire.js';

/** A transaction as the log sees it. */
export interface LoggedTransaction {
  state: 'open' | 'committed' | 'aborted';
}

interface Entry {
  readonly record: ConsumedRecord | null;
  readonly transaction?: LoggedTransaction | undefined;
}

/** An append-only log. Offsets are never used twice. */
export class PartitionLog {
  private entries: Entry[] = [];
  private low_ = 0;
  private readonly open = new Map<LoggedTransaction, number>();

  constructor(private readonly at: TopicPartition) {}

  get low(): number {
    return this.low_;
  }

  get high(): number {
    return this.low_ + this.entries.length;
  }

  /** Readers of committed records see nothing from the first open transaction on. */
  get lastStable(): number {
    return Math.max(this.low_, Math.min(this.high, ...this.open.values()));
  }

  append(records: readonly StampedRecord[], transaction?: LoggedTransaction): number {
    const first = this.high;
    if (transaction !== undefined && !this.open.has(transaction)) this.open.set(transaction, first);
    records.forEach(({ key, value, headers, timestamp }, i) => {
      // A broker has its own bytes; so that nobody here sees later changes of the sender's either.
      const bytes = value === null ? null : Buffer.from(value);
      const record = { ...this.at, offset: first + i, timestamp, key, value: bytes, headers: { ...headers } };
      this.entries.push({ record, transaction });
    });
    return first;
  }

  /** Writes the control record that ends a transaction here. */
  end(transaction: LoggedTransaction): void {
    this.open.delete(transaction);
    this.entries.push({ record: null });
  }

  /** What committed readers see from an offset on: at most `limit` records, and where to go on. */
  slice(from: number, limit: number, end = this.lastStable): { records: ConsumedRecord[]; nextOffset: number } {
    const records: ConsumedRecord[] = [];
    let offset = Math.max(from, this.low_);
    for (; offset < end && records.length < limit; offset++) {
      const { record, transaction } = this.entries[offset - this.low_]!;
      if (record !== null && transaction?.state !== 'aborted') records.push(record);
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
