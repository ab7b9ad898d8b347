import type { AssignedPartition, RecordBatch } from '@onceline/kafka';
import type { KeyFields } from '../memory/key-fields.js';
import type { BatchPlan } from '../plan-batch.js';
import { UpdateIdGaps, type SuspectedLoss } from './update-id-gaps.js';

/** What the watch must know of its surroundings. */
export interface GapWatchSettings {
  /** Partitions of `raw`. */
  readonly partitions: number;
  readonly ttlMs: number;
  assignment(): readonly AssignedPartition[];
}

/**
 * Feeds the gap detector from all partitions of this process and asks it only when its answer can be true.
 *
 * The ids of one bot are spread over all partitions. So a process that holds some of them cannot tell a lost id from
 * one that another process handled, and says nothing; a process that read all of `seen` besides its own partitions
 * could, for a fifth more work per record. With all partitions it may judge what was received up to the time that its
 * slowest partition has reached.
 */
export class GapWatch {
  private readonly gaps = new UpdateIdGaps();
  /** Time of the last record handled, per partition. */
  private readonly handledTo = new Map<number, number>();
  private readonly bots = new Set<string>();

  constructor(private readonly settings: GapWatchSettings) {}

  restored({ botId, updateId }: KeyFields, firstSeenAt: number, now: number): void {
    this.bots.add(botId);
    // The changelog is whole for one TTL; of older ids some partitions have more left than others.
    if (firstSeenAt < now - this.settings.ttlMs) this.gaps.discount(botId, updateId);
    else this.gaps.observe(botId, updateId, firstSeenAt);
  }

  committed(batch: RecordBatch, plan: BatchPlan): void {
    for (const { botId, updateId, key } of plan.firstCopies) {
      this.bots.add(botId);
      this.gaps.observe(botId, updateId, plan.firsts.get(key)?.firstSeenAt ?? 0);
    }
    const last = batch.records.at(-1);
    if (last !== undefined) this.handledTo.set(batch.partition, last.timestamp);
  }

  /** Every bot that sent something. */
  knownBots(): Iterable<string> {
    return this.bots;
  }

  /** See {@link UpdateIdGaps.takeForgotten}. */
  takeForgotten(): number {
    return this.gaps.takeForgotten();
  }

  /** New suspected losses; undefined while nothing true can be said. */
  check(now: number): SuspectedLoss[] | undefined {
    const running = this.settings.assignment().filter(({ state }) => state === 'running');
    if (running.length < this.settings.partitions) return undefined;
    const reached = running.map(({ partition, lag }) => (lag === 0 ? now : (this.handledTo.get(partition) ?? 0)));
    return this.gaps.judge(Math.min(...reached));
  }
}
