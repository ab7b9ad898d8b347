import { TOPICS } from '@onceline/contracts';
import {
  withBatchSpan,
  type ConsumedRecord,
  type OffsetGap,
  type PartitionTask,
  type RecordBatch,
  type TransactionContents,
  type TransactionalProducer,
} from '@onceline/kafka';
import { CopySpans } from './copy-spans.js';
import type { DedupeReport } from './dedupe-report.js';
import type { FirstSeenStore } from './memory/first-seen-store.js';
import { planBatch, type BatchPlan } from './plan-batch.js';
import { readSeen } from './read-seen.js';
import { lostRecords } from './write-records.js';

/** What one partition works with. */
export interface DedupePartitionParts {
  readonly producer: TransactionalProducer;
  readonly store: FirstSeenStore;
  readonly report: DedupeReport;
}

/** What all partitions of a process share. */
export interface DedupeSettings {
  readonly groupId: string;
  readonly ttlMs: number;
  clock(): number;
}

/**
 * Exactly-once from one partition of `raw` to the same partition of `unique`: whatever a batch leads to is written in
 * one transaction with its offset. An error leaves by throwing; the consumer then closes this task and builds a new one
 * from the committed offset and the changelog, so that nothing here ever repairs itself.
 */
export class DedupePartition implements PartitionTask {
  private fencedAt = 0;
  private hasWarned = false;

  constructor(
    private readonly partition: number,
    private readonly parts: DedupePartitionParts,
    private readonly settings: DedupeSettings,
  ) {
    parts.report.opened(partition, parts.store);
  }

  async fence(): Promise<void> {
    await this.parts.producer.fence();
    this.fencedAt = performance.now();
  }

  restore(records: readonly ConsumedRecord[]): void {
    const { store, report } = this.parts;
    const now = this.settings.clock();
    for (const record of records) {
      const seen = readSeen(record);
      if (seen === undefined) this.skip(record);
      else if (seen.first === null) store.forget(seen.key);
      else {
        store.add(seen.key, seen.first);
        report.restoredKey(seen.key, seen.first.firstSeenAt, now);
      }
    }
    report.restored(this.partition, (performance.now() - this.fencedAt) / 1000);
  }

  /** The gap becomes a dead letter in the transaction that steps over it: told exactly once, and proved as long as dead letters are kept. */
  async onGap(gap: OffsetGap): Promise<void> {
    const { partition } = this;
    const { groupId } = this.settings;
    await this.parts.producer.transact({
      writes: [
        { topic: TOPICS.dedupeDeadLetter, partition, records: [lostRecords(partition, gap, this.settings.clock())] },
      ],
      offset: { groupId, topic: TOPICS.raw, partition, nextOffset: gap.to },
    });
    this.parts.report.lost(partition, gap);
  }

  handle(batch: RecordBatch): Promise<void> {
    return withBatchSpan([batch], this.settings.groupId, () => this.settle(batch));
  }

  async close(): Promise<void> {
    this.parts.report.closed(this.partition, this.parts.store);
    await this.parts.producer.close();
  }

  /** A record that nobody can read says nothing about its key, and must not keep the partition from starting. */
  private skip(record: ConsumedRecord): void {
    this.parts.report.skippedSeen(record, { isFirst: !this.hasWarned });
    this.hasWarned = true;
  }

  private async settle(batch: RecordBatch): Promise<void> {
    const { store } = this.parts;
    const now = this.settings.clock();
    store.dropSeenBefore(expiryTime(batch.records, now) - this.settings.ttlMs);
    const spans = new CopySpans(this.settings.groupId);
    try {
      const plan = planBatch(batch.records, {
        committed: (key) => store.find(key),
        now,
        headersOf: (record, result, key) => spans.headersOf(record, result, key),
      });
      await this.commit(batch, plan);
    } catch (error) {
      spans.fail(error);
      throw error;
    }
    spans.end();
  }

  /** The overlay goes into the store after the commit: an aborted batch must leave nothing behind. */
  private async commit(batch: RecordBatch, plan: BatchPlan): Promise<void> {
    const { producer, store, report } = this.parts;
    const startedAt = performance.now();
    await producer.transact(this.contents(batch, plan));
    for (const [key, first] of plan.firsts) store.add(key, first);
    report.committed(batch, plan, (performance.now() - startedAt) / 1000);
  }

  private contents(batch: RecordBatch, plan: BatchPlan): TransactionContents {
    const { partition } = this;
    const writes = [
      { topic: TOPICS.unique, partition, records: plan.unique },
      { topic: TOPICS.seen, partition, records: plan.seen },
      { topic: TOPICS.duplicates, partition, records: plan.duplicates },
      { topic: TOPICS.dedupeDeadLetter, partition, records: plan.deadLetters },
    ];
    const offset = { groupId: this.settings.groupId, topic: batch.topic, partition, nextOffset: batch.nextOffset };
    return { writes: writes.filter(({ records }) => records.length > 0), offset };
  }
}

/**
 * The time against which keys expire. Not the wall clock alone: after an outage copies wait in `raw` for hours, and
 * their first copies must be remembered as if they had been read at once. Not the record's time alone: a clock that
 * runs ahead somewhere must not make us forget.
 */
export function expiryTime(records: readonly ConsumedRecord[], now: number): number {
  let time = now;
  for (const { timestamp } of records) if (timestamp < time) time = timestamp;
  return time;
}
