import type { AssignedPartition } from '@onceline/kafka';
import type { MetricsRegistry } from '@onceline/service-kit';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { FirstSeenStore } from './memory/first-seen-store.js';
import { RESULTS } from './plan-batch.js';

const TRANSACTION_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export type DedupeMetrics = ReturnType<typeof createDedupeMetrics>;

/** @param assignment the partitions of this process, for their lag */
export function createDedupeMetrics(registry: MetricsRegistry, assignment: () => readonly AssignedPartition[]) {
  const registers = [registry];
  const records = new Counter({
    name: 'onceline_dedupe_records_total',
    help: 'Committed records of raw by what they were: first copy, duplicate, collision, unreadable, replay of a first copy.',
    labelNames: ['result'] as const,
    registers,
  });
  for (const result of RESULTS) records.inc({ result }, 0);
  lagGauge(registers, assignment);
  return {
    records,
    unreadOldest: new Gauge({
      name: 'onceline_dedupe_unread_oldest_seconds',
      help: 'Age of the oldest update in raw that has not passed dedupe, over all partitions.',
      registers,
    }),
    restoreSeconds: new Gauge({
      name: 'onceline_dedupe_restore_seconds',
      help: 'From the fence of a partition to the last key restored from the changelog; 0 when there was none.',
      labelNames: ['partition'] as const,
      registers,
    }),
    transactionSeconds: new Histogram({
      name: 'onceline_dedupe_transaction_seconds',
      help: 'One transaction: writes, offset and commit of one batch.',
      buckets: TRANSACTION_SECONDS,
      registers,
    }),
    ...lossMetrics(registers),
    ...gapMetrics(registers),
    observeStores: (stores: () => Iterable<FirstSeenStore>) => storeGauges(registers, stores),
  };
}

function lossMetrics(registers: MetricsRegistry[]) {
  return {
    rawRecordsLost: new Counter({
      name: 'onceline_dedupe_raw_records_lost_total',
      help: 'Offsets of raw that retention deleted before dedupe had read them: updates that are lost.',
      registers,
    }),
    unreadableSeen: new Counter({
      name: 'onceline_dedupe_changelog_records_skipped_total',
      help: 'Records of the changelog that nobody can read; each restore that meets one counts it.',
      registers,
    }),
  };
}

function gapMetrics(registers: MetricsRegistry[]) {
  return {
    suspectedLosses: new Counter({
      name: 'onceline_dedupe_suspected_losses_total',
      help: 'Update ids missing for more than 24 hours below one that came, per bot. Counts only while gaps_watched is 1.',
      labelNames: ['bot'] as const,
      registers,
    }),
    forgottenStretches: new Counter({
      name: 'onceline_dedupe_gap_stretches_forgotten_total',
      help: 'Judged stretches of update ids forgotten early because a bot had too many: its suspected losses may be too high.',
      registers,
    }),
    gapsWatched: new Gauge({
      name: 'onceline_dedupe_gaps_watched',
      help: '1 while this process holds all partitions, each restored; with fewer it sees only some ids of a bot.',
      registers,
    }),
  };
}

function storeGauges(registers: MetricsRegistry[], stores: () => Iterable<FirstSeenStore>): void {
  const sums = () => {
    let keys = 0;
    let bytes = 0;
    for (const store of stores()) {
      keys += store.size;
      bytes += store.bytes;
    }
    return { keys, bytes };
  };
  measured(registers, 'onceline_dedupe_keys_held', 'Idempotency keys in memory, all partitions.', () => sums().keys);
  measured(
    registers,
    'onceline_dedupe_state_bytes',
    'Memory of these keys, index and slack included.',
    () => sums().bytes,
  );
  measured(registers, 'onceline_dedupe_bytes_per_key', 'state_bytes by keys_held; 0 without keys.', () => {
    const { keys, bytes } = sums();
    return keys === 0 ? 0 : bytes / keys;
  });
}

function measured(registers: MetricsRegistry[], name: string, help: string, value: () => number): void {
  new Gauge({
    name,
    help,
    registers,
    collect() {
      this.set(value());
    },
  });
}

function lagGauge(registers: MetricsRegistry[], assignment: () => readonly AssignedPartition[]): void {
  new Gauge({
    name: 'onceline_dedupe_lag_records',
    help: 'Records of raw behind the log end, per assigned partition.',
    labelNames: ['partition'] as const,
    registers,
    collect() {
      // A partition that went elsewhere must not keep its last value here.
      this.reset();
      for (const { partition, lag } of assignment()) this.set({ partition }, lag);
    },
  });
}
