/** One group membership in memory. */
import { KafkaError } from '../errors.js';
import type { FetchedBatch, GroupListener, GroupMember, GroupMemberOptions, TopicPartition } from '../wire.js';
import type { InMemoryCluster } from './cluster.js';
import type { GroupSeat, InMemoryGroup } from './group.js';

const FETCH_RECORDS = 1000;
/** What was not taken is fetched again, but not in a tight loop. */
const REFETCH_MS = 5;
const PATIENCE_MS = 20;

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

  async positions(partitions: readonly TopicPartition[]): Promise<readonly number[] | undefined> {
    const { generation } = this;
    while (this.generation === generation && this.joined) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.cluster.isAvailable()) return partitions.map((at) => this.firstPosition(at));
      await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    }
    return undefined;
  }

  logEnd(partition: TopicPartition): number {
    return this.cluster.log(partition).lastStable;
  }

  async settleDown(): Promise<void> {
    this.joined = false;
    await this.listener.letGo();
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
    held.position ??= this.firstPosition(held);
    const { topic, partition, position: from } = held;
    const { records, nextOffset } = log.slice(from, FETCH_RECORDS);
    if (nextOffset <= from) return;
    if (records.length === 0) {
      held.position = nextOffset;
      this.listener.skipped({ topic, partition, from, nextOffset });
      return this.schedule();
    }
    const next = this.listener.fetched({ topic, partition, from, records, nextOffset, commit: this.committer() });
    // A seek made meanwhile wins.
    if (next !== undefined && held.position === from) held.position = next;
    held.busy = next === undefined;
    if (held.busy)
      setTimeout(() => {
        held.busy = false;
        this.schedule();
      }, REFETCH_MS);
    else this.schedule();
  }

  private firstPosition(at: TopicPartition): number {
    return this.group.committed(at) ?? this.cluster.log(at).low;
  }

  private committer(): FetchedBatch['commit'] {
    const { generation } = this;
    return async (offsets) => {
      await this.cluster.reach();
      if (this.generation !== generation)
        throw new KafkaError('unavailable', 'the assignment changed while the batch was handled');
      this.group.commit(offsets);
    };
  }
}
