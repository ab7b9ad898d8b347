import { failSpan, withBatchSpan, type BatchOutcome, type ConsumedRecord, type RecordBatch } from '@onceline/kafka';
import type { Span } from '@opentelemetry/api';
import { transactionVerdict } from '@onceline/retry-policy';
import type { ReceivedUpdate } from './intake/to-command.js';
import type { ConsumerGate } from './stopping/consumer-gate.js';
import type { Settlement } from './store/plan-batch.js';
import { ConsumerStopped, type SettleBatch } from './store/settle-batch.js';
import { settleUpdates } from './store/settle-updates.js';
import type { TracedUpdate } from './store/traced-update.js';
import type { UpdateSpans } from './trace-updates.js';

/** What one call did, for logs and metrics. */
export interface BatchReport {
  readonly updates: readonly TracedUpdate[];
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
  readonly receive: (record: ConsumedRecord) => ReceivedUpdate;
  readonly settle: SettleBatch;
  readonly gate: ConsumerGate;
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

/**
 * Turns the updates of several partitions, new ones and those that come back, into outcomes. Offsets follow the database: they are
 * committed after this answers.
 */
export class HandleUpdates {
  constructor(private readonly options: HandleUpdatesOptions) {}

  async handle(batches: readonly RecordBatch[]): Promise<BatchOutcome> {
    const records = batches.flatMap((batch) => batch.records);
    if (records.length === 0) return { settle: 'commit' };
    const restMs = this.options.gate.restMs();
    if (restMs > 0) return { settle: 'redeliver', afterMs: restMs };
    return withBatchSpan(batches, this.options.groupId, (span) => this.settleRecords(records, span));
  }

  private async settleRecords(records: readonly ConsumedRecord[], span: Span): Promise<BatchOutcome> {
    const { receive, settle, gate, spans, observer, committed } = this.options;
    const startedAt = performance.now();
    const received = records.map((record) => receive(record));
    let updates: readonly TracedUpdate[] = [];
    try {
      const waitMs = await gate.waitMs(received.map(untraced));
      if (waitMs > 0) return { settle: 'redeliver', afterMs: waitMs };
      updates = received.map((update) => spans.start(update, waitedMs(update)));
      const settlements = await settleUpdates(updates, settle);
      committed();
      spans.settled(updates, settlements);
      observer.settled({ updates, settlements, seconds: (performance.now() - startedAt) / 1000 });
      await gate.settled(settlements);
      return { settle: 'commit' };
    } catch (error) {
      spans.failed(updates, error);
      failSpan(span, error);
      return this.rest(error);
    }
  }

  private rest(error: unknown): BatchOutcome {
    const { gate, observer } = this.options;
    if (error instanceof ConsumerStopped) return { settle: 'redeliver', afterMs: gate.stoppedElsewhere() };
    const kind = transactionVerdict(error);
    if (kind === 'defect') throw error;
    const afterMs = gate.failed(PAUSE_REASONS[kind]);
    observer.paused(error, afterMs);
    return { settle: 'redeliver', afterMs };
  }
}

/** For a trial, which leaves no trace. */
function untraced(update: ReceivedUpdate): TracedUpdate {
  return { ...update, traceparent: null, tracestate: null };
}

/** Since the record left for its wait. */
function waitedMs({ delivery }: ReceivedUpdate): number | undefined {
  return delivery.type === 'first' || delivery.leftAt === null ? undefined : Date.now() - delivery.leftAt;
}
