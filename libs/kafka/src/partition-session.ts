/**
 * One assigned partition, through the sequence in which each step needs the one before:
 * fence (settles the predecessor's transaction) → committed offset → changelog end → replay → seek and resume.
 */
import { PartitionIntake, limitsFor } from './partition-intake.js';
import type { PartitionTask, RecordBatch, TopicAdmin } from './port.js';
import type { Turns } from './turns.js';
import type { FetchedBatch, GroupMember, LogReader, Stretch, TopicPartition } from './wire.js';

const FIRST_BACKOFF_MS = 50;
const MAX_BACKOFF_MS = 5000;

/** What all sessions of one consumer share. */
export interface SessionContext {
  readonly groupId: string;
  readonly changelog: string;
  readonly maxRecords: number;
  readonly member: GroupMember;
  readonly admin: TopicAdmin;
  readonly reader: LogReader;
  /** Bounds how many partitions read their changelogs at once. */
  readonly restores: Turns;
  createTask(partition: number): PartitionTask;
  /** A task failed and is being built anew. */
  onTrouble(partition: TopicPartition, error: unknown): void;
}

/** How long to wait before an assignment is tried again: full jitter, so that many partitions do not come back at once. */
export function backoffMs(failures: number, random: () => number = Math.random): number {
  return Math.min(MAX_BACKOFF_MS, Math.max(FIRST_BACKOFF_MS, random() * FIRST_BACKOFF_MS * 2 ** failures));
}

/** A partition between its assignment and its revocation. */
export class PartitionSession {
  private readonly intake: PartitionIntake;
  private task: PartitionTask | undefined;
  private ready = false;
  private revoked = false;
  /** Nothing is begun while the group settles anew. */
  private held = false;
  private failures = 0;
  /** Next offset to handle. */
  private position = 0;
  private working = false;
  /** Settled whenever nothing is in hand. */
  private inHand: Promise<void> = Promise.resolve();
  private assigning: Promise<void> | undefined;
  private wake: (() => void) | undefined;

  constructor(
    readonly at: TopicPartition,
    private readonly context: SessionContext,
  ) {
    this.intake = new PartitionIntake(at, context.member, limitsFor(context.maxRecords));
  }

  isRunning(): boolean {
    return this.ready;
  }

  /** Records behind the log end. */
  get lag(): number {
    if (!this.ready) return 0;
    const done = this.working ? this.position : (this.intake.takenTo ?? this.position);
    return Math.max(0, (this.context.member.logEnd(this.at) ?? done) - done);
  }

  /** Begins the sequence, with the partition paused until its end. */
  begin(): void {
    this.intake.close();
    this.assigning ??= this.assign().finally(() => (this.assigning = undefined));
  }

  /** The group settled anew and the partition stayed here: the client forgot its position, the task and what waits for it did not. */
  keep(): void {
    this.held = false;
    this.intake.goOn();
    this.work();
  }

  /** Begins nothing until the group has settled; resolves once nothing is in hand. */
  hold(): Promise<void> {
    this.held = true;
    return this.inHand;
  }

  /** Waits for the running handle, then frees the task. A sequence still under way ends at its next step by itself. */
  async revoke(): Promise<void> {
    this.revoked = true;
    this.ready = false;
    this.wake?.();
    this.intake.close();
    await this.inHand;
    await this.closeTask();
  }

  fetched(batch: FetchedBatch): number | undefined {
    const next = this.intake.add(batch);
    this.work();
    return next;
  }

  skipped(stretch: Stretch): void {
    this.intake.skip(stretch);
  }

  /** Handles what waits, all of it at once up to the limit, one call after the other. */
  private work(): void {
    if (this.working || !this.ready || this.held) return;
    const taken = this.intake.take(this.context.maxRecords);
    if (taken === undefined) return;
    this.working = true;
    this.inHand = this.handle(taken.batch).finally(() => {
      this.working = false;
      this.work();
    });
  }

  private async handle(batch: RecordBatch): Promise<void> {
    try {
      await this.tellGapBefore(batch);
      await this.task!.handle(batch);
      this.position = batch.nextOffset;
      this.failures = 0;
    } catch (error) {
      this.recover(error);
    }
  }

  /** Retention may overtake a reader that lags. Offsets that hold nothing to see leave a gap, too, and the log's beginning tells the two apart. */
  private async tellGapBefore({ records, nextOffset }: RecordBatch): Promise<void> {
    const first = records[0]?.offset ?? nextOffset;
    const task = this.task!;
    if (task.onGap === undefined || first <= this.position) return;
    const { low } = await this.context.reader.range(this.at);
    if (low > this.position) await task.onGap({ from: this.position, to: Math.min(low, first) });
  }

  private recover(error: unknown): void {
    this.ready = false;
    if (this.revoked) return;
    this.context.onTrouble(this.at, error);
    this.failures++;
    this.begin();
  }

  private async assign(): Promise<void> {
    while (!this.revoked) {
      if (this.failures > 0) await this.sleep(backoffMs(this.failures));
      await this.closeTask();
      if (this.revoked) return;
      try {
        await this.tryOnce();
        return;
      } catch (error) {
        // A partition that has moved on is fenced by its new owner: nothing to report.
        if (!this.revoked) this.context.onTrouble(this.at, error);
        this.failures++;
      }
    }
  }

  private async tryOnce(): Promise<void> {
    const { admin, reader, groupId } = this.context;
    const { topic, partition } = this.at;
    const task = this.context.createTask(partition);
    this.task = task;
    await task.fence();
    if (this.revoked) return;
    const committed = (await admin.committed(groupId, topic))[partition] ?? null;
    const { low } = await reader.range(this.at);
    // Without a committed offset nobody can tell whether what is gone was read.
    const position = Math.max(committed ?? low, low);
    await this.context.restores.take(() => this.restore(task));
    if (this.revoked) return;
    if (committed !== null && committed < low) await task.onGap?.({ from: committed, to: low });
    if (this.revoked) return;
    this.position = position;
    this.ready = true;
    this.intake.open(position);
  }

  private async restore(task: PartitionTask): Promise<void> {
    if (this.revoked) return;
    const { reader, changelog: topic } = this.context;
    const { partition } = this.at;
    const { low, end } = await reader.range({ topic, partition });
    await reader.read({ topic, partition, from: low, end }, (records) => {
      if (!this.revoked && records.length > 0) task.restore(records);
    });
  }

  private async closeTask(): Promise<void> {
    const { task } = this;
    this.task = undefined;
    try {
      await task?.close();
    } catch (error) {
      this.context.onTrouble(this.at, error);
    }
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
