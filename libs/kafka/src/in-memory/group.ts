/** A consumer group in memory: who is in it, who has which partition, what is committed. */
import type { TopicPartition } from '../wire.js';
import type { InMemoryCluster } from './cluster.js';

/** A member as the group sees it. */
export interface GroupSeat {
  readonly topics: readonly string[];
  /** Stops fetching; resolves when nothing is being handled any more. */
  settleDown(): Promise<void>;
  take(partitions: readonly TopicPartition[]): void;
}

const keyOf = ({ topic, partition }: TopicPartition) => `${topic}/${partition}`;

/** Rebalances eagerly, as the classic protocol does: all members let go, then all get their new share. */
export class InMemoryGroup {
  private readonly seats: GroupSeat[] = [];
  private readonly offsets = new Map<string, number>();
  private balancing: Promise<void> = Promise.resolve();

  constructor(private readonly cluster: InMemoryCluster) {}

  commit(offsets: readonly (TopicPartition & { readonly nextOffset: number })[]): void {
    for (const offset of offsets) this.offsets.set(keyOf(offset), offset.nextOffset);
  }

  committed(partition: TopicPartition): number | null {
    return this.offsets.get(keyOf(partition)) ?? null;
  }

  join(seat: GroupSeat): Promise<void> {
    return this.rebalance(() => this.seats.push(seat));
  }

  leave(seat: GroupSeat): Promise<void> {
    return this.rebalance(() => {
      const at = this.seats.indexOf(seat);
      if (at >= 0) this.seats.splice(at, 1);
    });
  }

  private rebalance(change: () => void): Promise<void> {
    const next = this.balancing.then(async () => {
      await Promise.all(this.seats.map((seat) => seat.settleDown()));
      change();
      this.share();
    });
    this.balancing = next.catch(() => undefined);
    return next;
  }

  private share(): void {
    const shares = new Map<GroupSeat, TopicPartition[]>(this.seats.map((seat) => [seat, []]));
    const topics = new Set(this.seats.flatMap((seat) => seat.topics));
    let turn = 0;
    for (const topic of topics) {
      const takers = this.seats.filter((seat) => seat.topics.includes(topic));
      const count = this.cluster.logs(topic).length;
      for (let partition = 0; partition < count; partition++)
        shares.get(takers[turn++ % takers.length]!)!.push({ topic, partition });
    }
    for (const [seat, share] of shares) seat.take(share);
  }
}
