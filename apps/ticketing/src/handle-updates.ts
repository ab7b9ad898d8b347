import { withBatchSpan, type BatchOutcome, type ConsumedRecord, type RecordBatch } from '@onceline/kafka';
import type { DatabasePause } from './database-pause.js';
import { receive } from './intake/to-command.js';
import { failureKind } from './store/failure.js';
import type { Settlement } from './store/plan-batch.js';
import type { SettleBatch } from './store/settle-batch.js';
import { settleUpdates } from './store/settle-updates.js';
import type { TracedUpdate } from './store/traced-update.js';
import type { UpdateSpans } from './trace-updates.js';

/** What one call did, for logs and metrics. */
export interface BatchReport {
  readonly records: number;
  readonly settlements: readonly Settlement[];
  readonly seconds: number;
}

/** Who is told what happened. */
export interface BatchObserver {
  settled(report: BatchReport): void;
  paused(error: unknown, afterMs: number): void;
}

export interface HandleUpdatesOptions {
  readonly groupId: string;
  readonly settle: SettleBatch;
  readonly pause: DatabasePause;
  readonly spans: Pick<UpdateSpans, 'start' | 'settled' | 'failed'>;
  readonly observer: BatchObserver;
  /** After each commit: there may be something to publish. */
  readonly committed: () => void;
}

const PAUSE_REASONS = {
  wait: 'database unavailable',
  conflict: 'other writers keep getting in the way',
  record: 'the database refuses a dead letter',
} as const;

/** Turns the updates of several partitions into outcomes. Offsets follow the database: they are committed after this answers. */
export class HandleUpdates {
  constructor(private readonly options: HandleUpdatesOptions) {}

  async handle(batches: readonly RecordBatch[]): Promise<BatchOutcome> {
    const records = batches.flatMap((batch) => batch.records);
    if (records.length === 0) return { settle: 'commit' };
    return withBatchSpan(batches, this.options.groupId, () => this.settleRecords(records));
  }

  private async settleRecords(records: readonly ConsumedRecord[]): Promise<BatchOutcome> {
    const { settle, pause, spans, observer, committed } = this.options;
    const startedAt = performance.now();
    const updates = records.map((record) => this.trace(record));
    try {
      const settlements = await settleUpdates(updates, settle);
      pause.end();
      committed();
      spans.settled(updates, settlements);
      observer.settled({ records: records.length, settlements, seconds: (performance.now() - startedAt) / 1000 });
      return { settle: 'commit' };
    } catch (error) {
      spans.failed(updates, error);
      const kind = failureKind(error);
      if (kind === 'defect') throw error;
      const afterMs = pause.begin(PAUSE_REASONS[kind]);
      observer.paused(error, afterMs);
      return { settle: 'redeliver', afterMs };
    }
  }

  private trace(record: ConsumedRecord): TracedUpdate {
    return { ...receive(record), ...this.options.spans.start(record) };
  }
}
