import type { SeenRecord } from '@onceline/contracts';
import type { ConsumedRecord, OutgoingRecord, RecordHeaders } from '@onceline/kafka';
import { classifyCopy, type Lookup } from './classify-copy.js';
import { isUnreadable, readCopy, type ReadableCopy } from './read-copy.js';
import { collisionRecord, duplicateRecord, seenRecord, uniqueRecord, unreadableRecord } from './write-records.js';

/** What can become of a record of `raw`. */
export const RESULTS = ['first', 'duplicate', 'collision', 'unreadable', 'replay'] as const;

export type Result = (typeof RESULTS)[number];

/** A record that went no further: by its key when it has one, and where the first copy lies. */
export interface RefusedCopy {
  readonly record: ConsumedRecord;
  readonly result: 'duplicate' | 'collision' | 'unreadable';
  readonly key?: string;
  readonly firstOffset?: number;
  readonly reason?: string;
}

/** One batch, decided: what its transaction writes, and what holds once it is committed. */
export interface BatchPlan {
  readonly unique: OutgoingRecord[];
  readonly seen: OutgoingRecord[];
  readonly duplicates: OutgoingRecord[];
  readonly deadLetters: OutgoingRecord[];
  /** First copies by key: the overlay, which goes into the store after the commit and not before. */
  readonly firsts: Map<string, SeenRecord>;
  readonly firstCopies: ReadableCopy[];
  readonly refusals: RefusedCopy[];
  readonly counts: Record<Result, number>;
}

/** What decides about a batch beside its records. */
export interface PlanContext {
  readonly committed: Lookup;
  readonly now: number;
  /** The record's headers with the trace context under which it goes on. */
  headersOf(record: ConsumedRecord, result: Result, key?: string): RecordHeaders;
}

/** Pure: the same records, store and time give the same plan. */
export function planBatch(records: readonly ConsumedRecord[], context: PlanContext): BatchPlan {
  const plan: BatchPlan = {
    unique: [],
    seen: [],
    duplicates: [],
    deadLetters: [],
    firsts: new Map(),
    firstCopies: [],
    refusals: [],
    counts: { first: 0, duplicate: 0, collision: 0, unreadable: 0, replay: 0 },
  };
  for (const record of records) planRecord(plan, record, context);
  return plan;
}

function planRecord(plan: BatchPlan, record: ConsumedRecord, context: PlanContext): void {
  const copy = readCopy(record);
  if (isUnreadable(copy)) {
    plan.counts.unreadable++;
    plan.deadLetters.push(unreadableRecord(copy, context.headersOf(record, 'unreadable'), context.now));
    plan.refusals.push({ record, result: 'unreadable', reason: copy.unreadable });
    return;
  }
  const verdict = classifyCopy(copy, context.committed, plan.firsts);
  plan.counts[verdict.copy]++;
  const headers = context.headersOf(record, verdict.copy, copy.key);
  const refused = { record, key: copy.key };
  switch (verdict.copy) {
    case 'first':
      planFirst(plan, copy, headers, context.now);
      return;
    case 'duplicate':
      plan.duplicates.push(duplicateRecord(copy, verdict.first));
      plan.refusals.push({ ...refused, result: 'duplicate', firstOffset: verdict.first.firstOffset });
      return;
    case 'collision':
      plan.deadLetters.push(collisionRecord(copy, verdict.first, headers, context.now));
      plan.refusals.push({ ...refused, result: 'collision', firstOffset: verdict.first.firstOffset });
      return;
    case 'replay':
      return;
  }
}

function planFirst(plan: BatchPlan, copy: ReadableCopy, headers: RecordHeaders, now: number): void {
  const first = { payloadHash: copy.payloadHash, firstOffset: copy.offset, firstSeenAt: now };
  plan.firsts.set(copy.key, first);
  plan.firstCopies.push(copy);
  plan.unique.push(uniqueRecord(copy, headers));
  plan.seen.push(seenRecord(copy.key, first));
}
