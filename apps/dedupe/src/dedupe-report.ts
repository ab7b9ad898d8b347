import { HEADERS } from '@onceline/contracts';
import { traceIds, type ConsumedRecord, type OffsetGap, type RecordBatch } from '@onceline/kafka';
import { logTogether, type Logger } from '@onceline/service-kit';
import type { DedupeMetrics } from './dedupe-metrics.js';
import type { FirstSeenStore } from './memory/first-seen-store.js';
import type { GapWatch } from './gaps/gap-watch.js';
import { keyFields } from './memory/key-fields.js';
import { RESULTS, type BatchPlan, type RefusedCopy } from './plan-batch.js';

const REFUSED: Readonly<Record<RefusedCopy['result'], string>> = {
  duplicate: 'a copy was refused',
  collision: 'two updates have one idempotency key: the second went to the dead letters',
  unreadable: 'a record of raw is no update: it went to the dead letters',
};

/** Tells metrics, log and gap watch what the partitions of this process did. Only what is committed is told. */
export class DedupeReport {
  private readonly stores = new Map<number, FirstSeenStore>();

  constructor(
    private readonly metrics: DedupeMetrics,
    private readonly gaps: GapWatch,
    private readonly logger: Logger,
  ) {
    metrics.observeStores(() => this.stores.values());
  }

  opened(partition: number, store: FirstSeenStore): void {
    this.stores.set(partition, store);
    this.metrics.restoreSeconds.set({ partition }, 0);
  }

  closed(partition: number, store: FirstSeenStore): void {
    // The next task of this partition may have been opened already.
    if (this.stores.get(partition) !== store) return;
    this.stores.delete(partition);
    this.metrics.restoreSeconds.remove({ partition });
  }

  restoredKey(key: string, firstSeenAt: number, now: number): void {
    const fields = keyFields(key);
    if (fields !== undefined) this.gaps.restored(fields, firstSeenAt, now);
  }

  restored(partition: number, seconds: number): void {
    this.metrics.restoreSeconds.set({ partition }, seconds);
  }

  /** @param place.isFirst one line per restore says where it begins; the metric counts the rest */
  skippedSeen({ topic, partition, offset }: ConsumedRecord, place: { readonly isFirst: boolean }): void {
    this.metrics.unreadableSeen.inc();
    if (!place.isFirst) return;
    this.logger.error(
      { topic, partition, offset },
      'a record of the changelog cannot be read: it and others like it are skipped',
    );
  }

  unread(oldestSeconds: number): void {
    this.metrics.unreadOldest.set(oldestSeconds);
  }

  unreadUnknown(): void {
    this.metrics.unreadOldest.remove();
  }

  notMeasured(error: unknown): void {
    this.logger.warn({ err: error }, 'what waits in raw could not be measured');
  }

  /** What retention deleted before it was read. */
  lost(partition: number, { from, to }: OffsetGap): void {
    this.metrics.rawRecordsLost.inc(to - from);
    this.logger.error(
      { partition, records: to - from, from, to },
      'records of raw were deleted before they were read: these updates are lost',
    );
  }

  committed(batch: RecordBatch, plan: BatchPlan, seconds: number): void {
    this.metrics.transactionSeconds.observe(seconds);
    for (const result of RESULTS)
      if (plan.counts[result] > 0) this.metrics.records.inc({ result }, plan.counts[result]);
    if (plan.refusals.length > 0) logTogether(() => plan.refusals.forEach((refused) => this.refused(refused)));
    this.gaps.committed(batch, plan);
  }

  /** Where an update ends here, its one line is written here. */
  private refused({ record, result, key, firstOffset, reason }: RefusedCopy): void {
    const { topic, partition, offset, headers } = record;
    const place = { topic, partition, offset, ...traceIds(headers[HEADERS.traceparent]) };
    const line = { idempotencyKey: key, outcome: result, reason, firstOffset, ...place };
    this.logger[result === 'duplicate' ? 'info' : 'warn'](line, REFUSED[result]);
  }

  /** Asks the gap watch. To be called once in a while. */
  checkGaps(now: number): void {
    const losses = this.gaps.check(now);
    this.metrics.gapsWatched.set(losses === undefined ? 0 : 1);
    this.metrics.forgottenStretches.inc(this.gaps.takeForgotten());
    // A bot's first loss must be an increase from 0, or no alert sees it.
    for (const bot of this.gaps.knownBots()) this.metrics.suspectedLosses.inc({ bot }, 0);
    for (const loss of losses ?? []) {
      this.metrics.suspectedLosses.inc({ bot: loss.botId }, loss.updates);
      this.logger.warn(loss, 'update ids never came: updates may be lost');
    }
  }
}
