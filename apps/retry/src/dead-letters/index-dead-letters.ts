import type { BatchOutcome, ConsumedRecord, RecordBatch } from '@onceline/kafka';
import type { Postgres } from '@onceline/postgres';
import { OutageBreaker, transactionVerdict } from '@onceline/retry-policy';
import type { DeadLetter, DeadLetterSource } from './dead-letter.js';
import { readDeadLetter } from './read-dead-letter.js';
import { storeDeadLetters } from './store-dead-letters.js';

/** Who hears what the index did. */
export interface IndexObserver {
  indexed(deadLetters: readonly DeadLetter[], copies: number): void;
  /** Headers that could not be believed, by name. */
  clamped(names: readonly string[]): void;
  /** The database takes this record only without its headers. */
  reduced(deadLetter: DeadLetter, error: unknown): void;
  paused(error: unknown, afterMs: number): void;
}

export interface IndexOptions {
  readonly postgres: Pick<Postgres, 'transaction'>;
  readonly sources: readonly DeadLetterSource[];
  readonly observer: IndexObserver;
}

const CONFLICT_PAUSE_MS = 100;
const OUTAGE = 'database unavailable';

/** Takes dead letters into the database; offsets are committed after it, and what is read twice changes nothing. */
export class IndexDeadLetters {
  private readonly breaker = new OutageBreaker();

  constructor(private readonly options: IndexOptions) {}

  /** Why the index rests; undefined while it runs. */
  reason(): string | undefined {
    return this.breaker.reason();
  }

  async handle(batches: readonly RecordBatch[]): Promise<BatchOutcome> {
    const now = Date.now();
    const read = batches.flatMap(({ records }) => records.map((record) => this.read(record, now)));
    try {
      const stored = await this.store(read.map(({ deadLetter }) => deadLetter));
      this.options.observer.indexed(stored, read.length - stored.length);
      this.options.observer.clamped(read.flatMap(({ clamped }) => clamped));
      this.breaker.answered();
      return { settle: 'commit' };
    } catch (error) {
      return this.rest(error);
    }
  }

  private read(record: ConsumedRecord, now: number) {
    const source = this.options.sources.find(({ topic }) => topic === record.topic);
    if (source === undefined) throw new Error(`${record.topic} is no topic of the index`);
    return readDeadLetter(record, source, now);
  }

  /** The new ones. One that the database refuses does not keep its neighbours out. */
  private async store(deadLetters: readonly DeadLetter[]): Promise<DeadLetter[]> {
    const { postgres } = this.options;
    try {
      const added = await storeDeadLetters(postgres, deadLetters);
      return deadLetters.filter(({ id }) => added.delete(id));
    } catch (error) {
      if (transactionVerdict(error) !== 'record') throw error;
      const stored: DeadLetter[] = [];
      for (const deadLetter of deadLetters) if (await this.storeAlone(deadLetter)) stored.push(deadLetter);
      return stored;
    }
  }

  private async storeAlone(deadLetter: DeadLetter): Promise<boolean> {
    const { postgres, observer } = this.options;
    try {
      return (await storeDeadLetters(postgres, [deadLetter])).size > 0;
    } catch (error) {
      if (transactionVerdict(error) !== 'record') throw error;
      observer.reduced(deadLetter, error);
      return (await storeDeadLetters(postgres, [{ ...deadLetter, headers: {}, conversation: null }])).size > 0;
    }
  }

  private rest(error: unknown): BatchOutcome {
    const verdict = transactionVerdict(error);
    if (verdict === 'defect' || verdict === 'record') throw error;
    const isConflict = verdict === 'conflict';
    const afterMs = isConflict ? CONFLICT_PAUSE_MS : this.breaker.failed(OUTAGE, Date.now());
    this.options.observer.paused(error, afterMs);
    return { settle: 'redeliver', afterMs };
  }
}
