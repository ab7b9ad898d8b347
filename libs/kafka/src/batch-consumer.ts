/**
 * One handler for the batches of all partitions. While it runs, records queue; its next call takes all that queued, up to the
 * limit, so that load makes the handler's transactions larger instead of more.
 */
import { KafkaError } from './errors.js';
import { PartitionIntake, limitsFor, type Taken } from './partition-intake.js';
import type { AssignedPartition, BatchConsumerOptions, ConsumerHandle } from './port.js';
import type { FetchedBatch, GroupListener, GroupMember, Stretch, TopicPartition } from './wire.js';

const MAX_RECORDS = 1000;
/** Offsets of control records are nobody's work: they are committed in passing, or after this time. */
const IDLE_COMMIT_MS = 1000;

/** One partition of the assignment. */
interface Reading {
  readonly at: TopicPartition;
  readonly intake: PartitionIntake;
  /** The next offset to commit: what lies before is settled. Unknown until the group has been asked. */
  settled: number | undefined;
}

/** What one call of the handler gets out of one partition. */
interface Part extends Taken {
  readonly reading: Reading;
}

const keyOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;

/** Takes turns: whoever was served last comes last in the next round. Each partition at most once, at most `limit` records together. */
export function takeParts(readings: Reading[], limit: number): Part[] {
  const parts: Part[] = [];
  let left = limit;
  for (const reading of [...readings]) {
    if (left <= 0) break;
    const taken = reading.intake.take(left);
    if (taken === undefined) continue;
    parts.push({ ...taken, reading });
    left -= taken.batch.records.length;
    readings.splice(readings.indexOf(reading), 1);
    readings.push(reading);
  }
  return parts;
}

/** {@link ConsumerHandle} of a batch consumer over any group membership. */
export class MergingConsumer implements ConsumerHandle, GroupListener {
  private assigned_: readonly TopicPartition[] = [];
  private readings = new Map<string, Reading>();
  /** The same, in the order in which they are served. */
  private turns: Reading[] = [];
  /** Nothing is begun while the group settles anew. */
  private held = false;
  private working = false;
  private scheduled = false;
  /** Settled whenever nothing is in hand. */
  private inHand: Promise<void> = Promise.resolve();
  private pauseTimer: NodeJS.Timeout | undefined;
  private skipTimer: NodeJS.Timeout | undefined;
  private stopped = false;
  private hasFailed = false;

  constructor(
    private readonly member: GroupMember,
    private readonly options: BatchConsumerOptions,
  ) {}

  start(): Promise<void> {
    return this.member.start(this);
  }

  /** What only waits is not handled: it comes to whoever goes on. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.pauseTimer);
    clearTimeout(this.skipTimer);
    await this.inHand;
    await this.member.stop();
  }

  isReady(): boolean {
    return this.member.isJoined();
  }

  assignment(): readonly AssignedPartition[] {
    const state = this.pauseTimer === undefined ? 'running' : 'paused';
    return this.assigned_.map((at) => ({ ...at, state, lag: this.lagOf(at) }));
  }

  /** Every assignment begins with what the group has committed: whatever another member did meanwhile is in it. */
  assigned(partitions: readonly TopicPartition[]): void {
    const limits = limitsFor(this.maxRecords);
    this.assigned_ = partitions;
    this.turns = partitions.map((at) => ({
      at,
      intake: new PartitionIntake(at, this.member, limits),
      settled: undefined,
    }));
    this.readings = new Map(this.turns.map((reading) => [keyOf(reading.at), reading]));
    this.held = false;
    for (const { intake } of this.turns) intake.close();
    void this.locate(this.readings);
  }

  letGo(): Promise<void> {
    this.held = true;
    return this.inHand;
  }

  fetched(batch: FetchedBatch): number | undefined {
    if (this.isOver) return undefined;
    const next = this.readings.get(keyOf(batch))?.intake.add(batch);
    this.schedule();
    return next;
  }

  skipped(stretch: Stretch): void {
    this.readings.get(keyOf(stretch))?.intake.skip(stretch);
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

  private get maxRecords(): number {
    return this.options.maxRecords ?? MAX_RECORDS;
  }

  private get isOver(): boolean {
    return this.stopped || this.hasFailed;
  }

  private lagOf(at: TopicPartition): number {
    const settled = this.readings.get(keyOf(at))?.settled;
    return settled === undefined ? 0 : Math.max(0, (this.member.logEnd(at) ?? settled) - settled);
  }

  private async locate(readings: ReadonlyMap<string, Reading>): Promise<void> {
    const all = [...readings.values()];
    const positions = await this.member.positions(all.map(({ at }) => at));
    if (positions === undefined || this.readings !== readings || this.isOver) return;
    all.forEach((reading, i) => (reading.settled = positions[i]));
    if (this.pauseTimer === undefined) all.forEach(reopen);
  }

  /** Not at once: the batches of one fetch arrive one by one in the same turn. */
  private schedule(): void {
    if (this.scheduled || this.working || this.held || this.isOver) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (this.working || this.held || this.isOver) return;
      this.working = true;
      this.inHand = this.work().finally(() => {
        this.working = false;
        // Something may have come between the last look and now.
        if (this.turns.some(({ intake }) => !intake.isEmpty)) this.schedule();
      });
    });
  }

  private async work(): Promise<void> {
    while (!this.held && !this.isOver) {
      const parts = takeParts(this.turns, this.maxRecords);
      if (parts.length > 0) await this.handle(parts);
      else if (!(await this.commitSkips())) break;
    }
  }

  private async handle(parts: readonly Part[]): Promise<void> {
    let outcome;
    try {
      outcome = await this.options.handle(parts.map(({ batch }) => batch));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.failed(new KafkaError('client', `the handler threw: ${reason}`, { cause: error }));
      // The failure has been reported; how leaving the group goes changes nothing any more.
      this.stop().catch(() => undefined);
      return;
    }
    if (outcome.settle === 'redeliver') this.pauseFor(outcome.afterMs);
    else await this.commit(parts);
  }

  private async commit(parts: readonly Part[]): Promise<void> {
    try {
      await parts[0]!.commit(parts.map(({ batch }) => batch));
    } catch {
      // Not settled: they come again, to this member or to their new owner. The member knows what the client must hear.
      for (const { reading } of parts) if (this.isCurrent(reading)) reopen(reading);
      return;
    }
    for (const { reading, batch } of parts) reading.settled = batch.nextOffset;
  }

  private isCurrent(reading: Reading): boolean {
    return this.readings.get(keyOf(reading.at)) === reading;
  }

  /** While nothing is handled, so that an older position can never overtake a newer one. Answers whether there was something. */
  private async commitSkips(): Promise<boolean> {
    if (this.skipTimer !== undefined) return false;
    const idle = this.turns.flatMap((reading) => {
      const { takenTo: nextOffset = 0 } = reading.intake;
      return nextOffset > (reading.settled ?? Number.POSITIVE_INFINITY) ? [{ reading, nextOffset }] : [];
    });
    if (idle.length === 0) return false;
    try {
      await this.member.commit(idle.map(({ reading, nextOffset }) => ({ ...reading.at, nextOffset })));
    } catch {
      // Nothing depends on it: the next commit of these partitions includes them.
      return false;
    }
    for (const { reading, nextOffset } of idle) reading.settled = nextOffset;
    return true;
  }

  private pauseFor(afterMs: number): void {
    for (const { intake } of this.turns) intake.close();
    this.pauseTimer = setTimeout(() => {
      this.pauseTimer = undefined;
      this.turns.forEach(reopen);
    }, afterMs);
  }
}

/** Once more from the first record that is not settled. */
function reopen({ intake, settled }: Reading): void {
  if (settled !== undefined) intake.open(settled);
}
