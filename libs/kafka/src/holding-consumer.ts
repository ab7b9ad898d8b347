/**
 * Keeps each record until its time, then sends it on. A partition is read no further than records could be due, is paused meanwhile, and
 * is committed up to the first record that still waits: a crash sends some records twice and loses none.
 */
import type { KafkaError } from './errors.js';
import { HeldPartition } from './held-partition.js';
import type { AssignedPartition, HoldingConsumerOptions, HoldingHandle } from './port.js';
import type { FetchedBatch, GroupListener, GroupMember, Stretch, TopicPartition } from './wire.js';

const MAX_HELD = 5000;
const MAX_HELD_BYTES = 64 * 1024 * 1024;
const MAX_BURST = 500;
const COMMIT_MS = 250;
const COMMIT_AGAIN_MS = 1000;
/** So that a clock which was set forward is noticed. */
const LONGEST_NAP_MS = 1000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5000;

const keyOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;

interface Holding {
  readonly at: TopicPartition;
  /** Unknown until the group has been asked. */
  held: HeldPartition | undefined;
  committed: number;
  paused: boolean;
  failures: number;
  timer: NodeJS.Timeout | undefined;
  /** Settled whenever nothing is being sent on. */
  sending: Promise<void> | undefined;
}

/** {@link HoldingHandle} of a holding consumer over any group membership. */
export class HoldingConsumer implements HoldingHandle, GroupListener {
  private holdings = new Map<string, Holding>();
  private commitWith: FetchedBatch['commit'] | undefined;
  private commitTimer: NodeJS.Timeout | undefined;
  private letting = false;
  private stopped = false;
  private hasFailed = false;

  constructor(
    private readonly member: GroupMember,
    private readonly options: HoldingConsumerOptions,
  ) {}

  start(): Promise<void> {
    return this.member.start(this);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.letGo();
    await this.member.stop();
  }

  isReady(): boolean {
    return this.member.isJoined();
  }

  assignment(): readonly AssignedPartition[] {
    return [...this.holdings.values()].map(({ at, held, paused }) => {
      const settled = held?.settledTo ?? 0;
      const lag = held === undefined ? 0 : Math.max(0, (this.member.logEnd(at) ?? settled) - settled);
      return { ...at, state: paused ? 'paused' : 'running', lag };
    });
  }

  oldestHeld(topic: string): number | undefined {
    const ofTopic = [...this.holdings.values()].filter(({ at }) => at.topic === topic);
    const times = ofTopic.map(({ held }) => held?.oldest).filter((time) => time !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Begins with what the group has committed: what waited here comes again, to whom it belongs now. */
  assigned(partitions: readonly TopicPartition[]): void {
    for (const { timer } of this.holdings.values()) clearTimeout(timer);
    this.commitWith = undefined;
    this.letting = false;
    this.holdings = new Map(
      partitions.map((at) => [
        keyOf(at),
        { at, held: undefined, committed: 0, paused: true, failures: 0, timer: undefined, sending: undefined },
      ]),
    );
    this.member.pause(partitions);
    void this.locate(this.holdings);
  }

  /** Nothing is begun any more; what is being sent ends, and is committed. */
  async letGo(): Promise<void> {
    this.letting = true;
    for (const { timer } of this.holdings.values()) clearTimeout(timer);
    for (const { sending } of this.holdings.values()) await sending;
    await this.commit();
  }

  fetched(batch: FetchedBatch): number | undefined {
    const holding = this.holdings.get(keyOf(batch));
    if (holding?.held === undefined || this.isOver) return undefined;
    const { held } = holding;
    if (!this.isNext(holding, held, batch)) return undefined;
    this.commitWith = batch.commit;
    for (const record of batch.records) held.add(record, this.options.dueTimesOf(record));
    held.reach(batch.nextOffset);
    this.look(holding);
    return held.readTo;
  }

  skipped(stretch: Stretch): void {
    const holding = this.holdings.get(keyOf(stretch));
    if (holding?.held === undefined || this.isOver) return;
    if (this.isNext(holding, holding.held, stretch)) holding.held.reach(stretch.nextOffset);
  }

  failed(error: KafkaError): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.options.onFailure(error);
  }

  private get isOver(): boolean {
    return this.stopped || this.hasFailed || this.letting;
  }

  /** A fetch may have begun under an assignment that had read further than it committed. */
  private isNext({ at }: Holding, held: HeldPartition, { from }: Stretch): boolean {
    const isNext = held.follows(from);
    if (!isNext) this.member.seek(at, held.readTo);
    return isNext;
  }

  private async locate(holdings: ReadonlyMap<string, Holding>): Promise<void> {
    const all = [...holdings.values()];
    const positions = await this.member.positions(all.map(({ at }) => at));
    if (positions === undefined || this.holdings !== holdings || this.isOver) return;
    all.forEach((holding, i) => {
      holding.held = new HeldPartition(positions[i]!);
      holding.committed = positions[i]!;
      holding.paused = false;
      this.member.seek(holding.at, positions[i]!);
      this.member.resume([holding.at]);
    });
  }

  /** Sends what is due, reads on or pauses, and sets the alarm for the next look. */
  private look(holding: Holding): void {
    const { held } = holding;
    clearTimeout(holding.timer);
    if (held === undefined || this.isOver || this.holdings.get(keyOf(holding.at)) !== holding) return;
    const now = Date.now();
    if (holding.sending === undefined && held.nextDue <= now) this.send(holding, held, now);
    const isFull = this.isFull(held);
    this.readOnOrPause(holding, !isFull && held.shouldReadOn(now));
    const next = Math.min(
      holding.sending === undefined ? held.nextDue : Infinity,
      // With full hands time alone changes nothing.
      holding.paused && !isFull ? held.readOnAt : Infinity,
    );
    if (next === Infinity) return;
    holding.timer = setTimeout(() => this.look(holding), Math.min(LONGEST_NAP_MS, Math.max(1, next - now)));
  }

  /** Who holds nothing reads on all the same: its next record may be due before all others. */
  private isFull({ size }: HeldPartition): boolean {
    const { maxHeld = MAX_HELD, maxHeldBytes = MAX_HELD_BYTES } = this.options;
    if (size === 0 || size >= maxHeld) return size > 0;
    let bytes = 0;
    for (const { held } of this.holdings.values()) bytes += held?.bytes ?? 0;
    return bytes >= maxHeldBytes;
  }

  private readOnOrPause(holding: Holding, readOn: boolean): void {
    if (readOn === !holding.paused) return;
    holding.paused = !readOn;
    if (readOn) this.member.resume([holding.at]);
    else this.member.pause([holding.at]);
  }

  private send(holding: Holding, held: HeldPartition, now: number): void {
    const due = held.takeDue(now, MAX_BURST);
    holding.sending = this.options
      .forward(due.map(({ record }) => record))
      .then(
        () => {
          held.settle(due);
          holding.failures = 0;
          this.commitTimer ??= setTimeout(() => void this.commit(), COMMIT_MS);
          return 0;
        },
        () => {
          held.putBack(due);
          return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** holding.failures++);
        },
      )
      .then(async (pause) => {
        if (pause > 0 && !this.isOver) await new Promise((resolve) => setTimeout(resolve, pause));
      })
      .finally(() => {
        holding.sending = undefined;
        this.look(holding);
      });
  }

  /** All partitions at once, now and then: what a crash leaves uncommitted only goes on twice. */
  private async commit(): Promise<void> {
    clearTimeout(this.commitTimer);
    this.commitTimer = undefined;
    const { commitWith } = this;
    const moved = [...this.holdings.values()].filter(({ held, committed }) => (held?.settledTo ?? 0) > committed);
    if (moved.length === 0 || commitWith === undefined) return;
    const offsets = moved.map(({ at, held }) => ({ ...at, nextOffset: held!.settledTo }));
    try {
      await commitWith(offsets);
      moved.forEach((holding, i) => (holding.committed = offsets[i]!.nextOffset));
    } catch {
      // After a rebalance they come again, as copies that their consumer knows.
      if (!this.isOver) this.commitTimer ??= setTimeout(() => void this.commit(), COMMIT_AGAIN_MS);
    }
  }
}
