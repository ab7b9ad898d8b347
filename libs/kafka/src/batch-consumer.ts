/**
 * One handler for the batches of all partitions. While it runs, batches queue; its next call takes all that queued, up to the
 * limit, so that load makes the handler's transactions larger instead of more.
 */
import { KafkaError } from './errors.js';
import type { AssignedPartition, BatchConsumerOptions, ConsumerHandle, RecordBatch } from './port.js';
import type { FetchedBatch, GroupListener, GroupMember, TopicPartition } from './wire.js';

const MAX_RECORDS = 1000;
/** Offsets of control records are nobody's work: they are committed in passing, or after this time. */
const IDLE_COMMIT_MS = 1000;

/** A fetched batch on its way through the handler, perhaps in several parts. */
interface Queued {
  readonly fetched: FetchedBatch;
  /** Index of the first record not yet settled. */
  from: number;
  readonly release: () => void;
  readonly reject: (error: unknown) => void;
  /** The group does not settle before this batch is let go: its rest is not begun. */
  letGo?: { readonly reason: unknown };
}

/** What one call of the handler gets out of one queued batch. */
interface Part {
  readonly queued: Queued;
  readonly batch: RecordBatch;
  readonly isLast: boolean;
}

/** Takes parts from the front of the queue, at most `limit` records together, each partition at most once. */
export function takeParts(queue: readonly Queued[], limit: number): Part[] {
  const parts: Part[] = [];
  let left = limit;
  for (const queued of queue) {
    const { fetched, from } = queued;
    const records = fetched.records.slice(from, from + left);
    const isLast = from + records.length === fetched.records.length;
    const nextOffset = isLast ? fetched.nextOffset : records.at(-1)!.offset + 1;
    parts.push({ queued, isLast, batch: { topic: fetched.topic, partition: fetched.partition, records, nextOffset } });
    left -= records.length;
    if (left <= 0) break;
  }
  return parts;
}

/** Our own errors need nothing of the client; its own it must see, to join the group again or to fetch anew. */
function letGo(queued: Queued, reason: unknown): void {
  if (reason instanceof KafkaError) queued.release();
  else queued.reject(reason);
}

const keyOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;

/** {@link ConsumerHandle} of a batch consumer over any group membership. */
export class MergingConsumer implements ConsumerHandle, GroupListener {
  private queue: Queued[] = [];
  private assigned_: readonly TopicPartition[] = [];
  private handling = false;
  private scheduled = false;
  private pauseTimer: NodeJS.Timeout | undefined;
  private stopped = false;
  private hasFailed = false;
  private readonly inHand = new Set<Queued>();
  /** Positions beyond control records, not yet committed. */
  private readonly skips = new Map<string, TopicPartition & { nextOffset: number }>();
  private skipTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly member: GroupMember,
    private readonly options: BatchConsumerOptions,
  ) {}

  start(): Promise<void> {
    return this.member.start(this);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.pauseTimer);
    clearTimeout(this.skipTimer);
    await this.member.stop();
  }

  isReady(): boolean {
    return this.member.isJoined();
  }

  assignment(): readonly AssignedPartition[] {
    const state = this.pauseTimer === undefined ? 'running' : 'paused';
    return this.assigned_.map((partition) => ({ ...partition, state, lag: this.member.lag(partition) }));
  }

  assigned(partitions: readonly TopicPartition[]): void {
    this.assigned_ = partitions;
    this.skips.clear();
    // Pauses are forgotten when the client restarts and kept when it does not: say what is wanted each time.
    if (this.pauseTimer === undefined) this.member.resume(partitions);
    else this.member.pause(partitions);
  }

  /** Lets go of what waits, so that the group does not wait for it. What is in hand runs to its end. */
  unsettled(reason: unknown): void {
    const waiting = this.queue.filter((queued) => !this.inHand.has(queued));
    this.queue = this.queue.filter((queued) => this.inHand.has(queued));
    for (const queued of this.inHand) queued.letGo = { reason };
    for (const queued of waiting) letGo(queued, reason);
  }

  fetched(fetched: FetchedBatch): Promise<void> {
    if (this.stopped || this.hasFailed || this.pauseTimer !== undefined) return Promise.resolve();
    return new Promise((release, reject) => {
      this.queue.push({ fetched, from: 0, release, reject });
      this.schedule();
    });
  }

  skipped(partition: TopicPartition, nextOffset: number): void {
    this.skips.set(keyOf(partition), { ...partition, nextOffset });
    this.skipTimer ??= setTimeout(() => {
      this.skipTimer = undefined;
      this.schedule();
    }, IDLE_COMMIT_MS);
  }

  failed(error: KafkaError): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.options.onFailure(error);
  }

  /** Not at once: the batches of one fetch arrive one by one in the same turn. */
  private schedule(): void {
    if (this.scheduled || this.handling) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.work();
    });
  }

  private async work(): Promise<void> {
    if (this.handling) return;
    this.handling = true;
    while (this.queue.length > 0 && !this.stopped && !this.hasFailed) {
      const parts = takeParts(this.queue, this.options.maxRecords ?? MAX_RECORDS);
      for (const { queued } of parts) this.inHand.add(queued);
      await this.handle(parts);
      this.inHand.clear();
    }
    if (!this.stopped && !this.hasFailed) await this.commitSkips();
    this.handling = false;
    if (this.queue.length > 0) this.schedule();
    if (this.stopped || this.hasFailed) this.releaseAll();
  }

  private async handle(parts: readonly Part[]): Promise<void> {
    let outcome;
    try {
      outcome = await this.options.handle(parts.map(({ batch }) => batch));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.failed(new KafkaError('client', `the handler threw: ${reason}`, { cause: error }));
      this.releaseAll();
      // The failure has been reported; how leaving the group goes changes nothing any more.
      this.stop().catch(() => undefined);
      return;
    }
    if (outcome.settle === 'redeliver') this.pauseFor(outcome.afterMs);
    else await this.commit(parts);
  }

  private async commit(parts: readonly Part[]): Promise<void> {
    try {
      await parts[0]!.queued.fetched.commit(parts.map(({ batch }) => batch));
    } catch (error) {
      // Nothing of these is resolved: they come again, to this member or to their new owner.
      for (const { queued } of parts) this.drop(queued, () => letGo(queued, error));
      return;
    }
    for (const { queued, batch, isLast } of parts) {
      this.skips.delete(keyOf(batch));
      queued.fetched.resolve(batch.nextOffset);
      queued.from += batch.records.length;
      this.drop(queued, () => this.goOnWith(queued, isLast));
    }
  }

  private goOnWith(queued: Queued, isDone: boolean): void {
    if (isDone) queued.release();
    else if (queued.letGo !== undefined) letGo(queued, queued.letGo.reason);
    // The rest waits behind the others: no partition starves another.
    else this.queue.push(queued);
  }

  /** While nothing is handled, so that an older position can never overtake a newer one. */
  private async commitSkips(): Promise<void> {
    if (this.skips.size === 0 || this.skipTimer !== undefined) return;
    const offsets = [...this.skips.values()];
    this.skips.clear();
    try {
      await this.member.commit(offsets);
    } catch {
      // Nothing depends on it: the next commit of these partitions includes them.
    }
  }

  private pauseFor(afterMs: number): void {
    this.member.pause(this.assigned_);
    this.pauseTimer = setTimeout(() => {
      this.pauseTimer = undefined;
      this.member.resume(this.assigned_);
    }, afterMs);
    this.releaseAll();
  }

  private releaseAll(): void {
    const all = this.queue;
    this.queue = [];
    for (const queued of all) queued.release();
  }

  private drop(queued: Queued, settle: () => void): void {
    const at = this.queue.indexOf(queued);
    if (at >= 0) this.queue.splice(at, 1);
    settle();
  }
}
