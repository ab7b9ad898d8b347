/** One group membership in memory. */
import { KafkaError } from '../errors.js';
import type { FetchedBatch, GroupListener, GroupMember, GroupMemberOptions, TopicPartition } from '../wire.js';
import type { InMemoryCluster } from './cluster.js';
import type { GroupSeat, InMemoryGroup } from './group.js';

const FETCH_RECORDS = 5000;
/** What a handler left unresolved is fetched again, but not in a tight loop. */
const REFETCH_MS = 5;

interface Held extends TopicPartition {
  position: number | undefined;
  paused: boolean;
  busy: boolean;
}

const keyOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;

/** {@link GroupMember} over an in-memory cluster. */
export class InMemoryMember implements GroupMember, GroupSeat {
  readonly topics: readonly string[];
  private readonly group: InMemoryGroup;
  private listener!: GroupListener;
  private held = new Map<string, Held>();
  private readonly running = new Set<Promise<void>>();
  private generation = 0;
  private joined = false;
  private scheduled = false;
  private forget: (() => void) | undefined;

  constructor(
    private readonly cluster: InMemoryCluster,
    options: GroupMemberOptions,
  ) {
    this.topics = options.topics;
    this.group = cluster.group(options.groupId);
  }

  async start(listener: GroupListener): Promise<void> {
    this.listener = listener;
    await this.cluster.reach();
    for (const topic of this.topics) this.cluster.logs(topic);
    this.forget = this.cluster.onChange(() => this.schedule());
    await this.group.join(this);
  }

  async stop(): Promise<void> {
    this.forget?.();
    this.joined = false;
    this.listener.unsettled(new KafkaError('closed', 'the consumer is stopping'));
    await this.group.leave(this);
  }

  isJoined(): boolean {
    return this.joined;
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.each(partitions, (held) => (held.paused = true));
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.each(partitions, (held) => (held.paused = false));
    this.schedule();
  }

  seek(partition: TopicPartition, offset: number): void {
    this.each([partition], (held) => (held.position = offset));
    this.schedule();
  }

  async commit(offsets: readonly (TopicPartition & { readonly nextOffset: number })[]): Promise<void> {
    await this.cluster.reach();
    this.group.commit(offsets);
  }

  lag(partition: TopicPartition): number {
    return Math.max(0, this.cluster.log(partition).high - (this.held.get(keyOf(partition))?.position ?? 0));
  }

  async settleDown(): Promise<void> {
    this.joined = false;
    this.listener.unsettled(new KafkaError('unavailable', 'the group rebalances'));
    await Promise.all(this.running);
  }

  take(partitions: readonly TopicPartition[]): void {
    this.generation++;
    this.held = new Map(
      partitions.map((at) => [keyOf(at), { ...at, position: undefined, paused: false, busy: false }]),
    );
    this.joined = true;
    this.listener.assigned(partitions);
    this.schedule();
  }

  private each(partitions: readonly TopicPartition[], change: (held: Held) => void): void {
    for (const partition of partitions) {
      const held = this.held.get(keyOf(partition));
      if (held !== undefined) change(held);
    }
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (!this.joined || !this.cluster.isAvailable()) return;
      for (const held of this.held.values()) if (!held.paused && !held.busy) this.fetch(held);
    });
  }

  private fetch(held: Held): void {
    const log = this.cluster.log(held);
    held.position ??= this.group.committed(held) ?? log.low;
    const { records, nextOffset } = log.slice(held.position, FETCH_RECORDS);
    if (nextOffset <= held.position) return;
    if (records.length === 0) {
      held.position = nextOffset;
      this.listener.skipped({ topic: held.topic, partition: held.partition }, nextOffset);
      return this.schedule();
    }
    held.busy = true;
    const done = this.deliver(held, { topic: held.topic, partition: held.partition, records, nextOffset }).finally(() =>
      this.running.delete(done),
    );
    this.running.add(done);
  }

  private async deliver(held: Held, batch: Omit<FetchedBatch, 'resolve' | 'commit'>): Promise<void> {
    const { generation } = this;
    const before = held.position;
    const isStale = () => this.generation !== generation;
    try {
      await this.listener.fetched({
        ...batch,
        resolve: (nextOffset) => {
          if (!isStale()) held.position = nextOffset;
        },
        commit: async (offsets) => {
          await this.cluster.reach();
          if (isStale()) throw new KafkaError('unavailable', 'the assignment changed while the batch was handled');
          this.group.commit(offsets);
        },
      });
    } catch {
      // As with the real client: what was not resolved comes again.
    }
    if (held.position === before) await new Promise((resolve) => setTimeout(resolve, REFETCH_MS));
    held.busy = false;
    this.schedule();
  }
}
