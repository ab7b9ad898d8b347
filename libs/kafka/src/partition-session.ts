/**
 * One assigned partition, through the sequence in which each step needs the one before:
 * fence (settles the predecessor's transaction) → committed offset → seek → changelog end → replay → resume.
 */
import type { PartitionTask, TopicAdmin } from './port.js';
import type { FetchedBatch, GroupMember, LogReader, TopicPartition } from './wire.js';

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
  private task: PartitionTask | undefined;
  private ready = false;
  private revoked = false;
  private failures = 0;
  /** Next offset to handle: what the client hands over below it has been handled. */
  private position = 0;
  private handling: Promise<void> | undefined;
  private assigning: Promise<void> | undefined;
  private wake: (() => void) | undefined;

  constructor(
    readonly at: TopicPartition,
    private readonly context: SessionContext,
  ) {}

  isRunning(): boolean {
    return this.ready;
  }

  /** Begins the sequence; the partition is paused already. */
  begin(): void {
    this.assigning ??= this.assign().finally(() => (this.assigning = undefined));
  }

  /** The group settled anew and the partition stayed here: the client forgot its position, the task did not. */
  keep(): void {
    if (!this.ready) return this.context.member.pause([this.at]);
    this.context.member.pause([this.at]);
    void (this.handling ?? Promise.resolve()).then(() => {
      if (this.ready) this.goOn();
    });
  }

  /** Waits for the running handle, then frees the task. A sequence still under way ends at its next step by itself. */
  async revoke(): Promise<void> {
    this.revoked = true;
    this.ready = false;
    this.wake?.();
    await this.handling;
    await this.closeTask();
  }

  /** Handles what the client fetched, in parts, one after the other. */
  async fetched(fetched: FetchedBatch): Promise<void> {
    // While a part is in hand or a recovery runs, the client's position is not ours: what it brings comes again.
    if (!this.ready || this.handling !== undefined) return;
    this.handling = this.handle(fetched).finally(() => (this.handling = undefined));
    await this.handling;
  }

  private async handle(fetched: FetchedBatch): Promise<void> {
    const records = fetched.records.filter(({ offset }) => offset >= this.position);
    const { topic, partition } = this.at;
    try {
      for (let from = 0; from < records.length && this.ready; from += this.context.maxRecords) {
        const part = records.slice(from, from + this.context.maxRecords);
        const isLast = from + part.length === records.length;
        const nextOffset = isLast ? fetched.nextOffset : part.at(-1)!.offset + 1;
        await this.task!.handle({ topic, partition, records: part, nextOffset });
        this.position = nextOffset;
        this.failures = 0;
        fetched.resolve(nextOffset);
      }
      if (records.length === 0) fetched.resolve(Math.max(fetched.nextOffset, this.position));
    } catch (error) {
      this.recover(error);
    }
  }

  private recover(error: unknown): void {
    this.ready = false;
    if (this.revoked) return;
    this.context.member.pause([this.at]);
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
    const { member, admin, reader, groupId, changelog } = this.context;
    const { topic, partition } = this.at;
    const task = this.context.createTask(partition);
    this.task = task;
    await task.fence();
    if (this.revoked) return;
    const committed = (await admin.committed(groupId, topic))[partition] ?? null;
    const position = committed ?? (await reader.range(this.at)).low;
    if (this.revoked) return;
    member.seek(this.at, position);
    const { low, end } = await reader.range({ topic: changelog, partition });
    await reader.read({ topic: changelog, partition, from: low, end }, (records) => {
      if (!this.revoked && records.length > 0) task.restore(records);
    });
    if (this.revoked) return;
    this.position = position;
    this.ready = true;
    this.goOn();
  }

  /** Once more where the client should go on: the group may have settled anew since the sequence began. */
  private goOn(): void {
    this.context.member.seek(this.at, this.position);
    this.context.member.resume([this.at]);
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
