/** What a group has committed and what waits for it, asked from outside the membership. */
import { KafkaError } from '../errors.js';
import type { TopicAdmin } from '../port.js';
import type { TopicPartition } from '../wire.js';
import { toKafkaError } from './client-errors.js';
import { keyOf } from './partitions.js';

const PAUSE_MS = 500;

/** Offsets of one group, through the admin. */
export class GroupOffsets {
  constructor(
    private readonly groupId: string,
    private readonly admin: TopicAdmin,
    private readonly warn: (message: string) => void,
  ) {}

  /** The committed offset of each partition, or its first one; asks until it is told or `isOver`. */
  async positions(
    partitions: readonly TopicPartition[],
    isOver: () => boolean,
  ): Promise<readonly number[] | undefined> {
    while (!isOver()) {
      try {
        const known = await this.ask(partitions);
        if (!isOver()) return partitions.map((at) => nextOf(known, at));
      } catch (error) {
        this.warn(toKafkaError(error, `asking where group "${this.groupId}" goes on`).message);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
    return undefined;
  }

  /** Records that wait, over all partitions. */
  async lag(partitions: readonly TopicPartition[]): Promise<number> {
    const known = await this.ask(partitions);
    return partitions.reduce((sum, at) => sum + (known.get(keyOf(at))?.lag ?? 0), 0);
  }

  private async ask(partitions: readonly TopicPartition[]): Promise<Map<string, { next: number; lag: number }>> {
    const known = new Map<string, { next: number; lag: number }>();
    for (const topic of new Set(partitions.map((at) => at.topic))) {
      const [ranges, committed] = await Promise.all([
        this.admin.offsets(topic),
        this.admin.committed(this.groupId, topic),
      ]);
      ranges.forEach(({ low, high }, partition) => {
        const next = committed[partition] ?? low;
        known.set(keyOf({ topic, partition }), { next, lag: Math.max(0, high - Math.max(low, next)) });
      });
    }
    return known;
  }
}

/** A partition that was added a moment ago is not told of yet. */
function nextOf(known: ReadonlyMap<string, { next: number }>, at: TopicPartition): number {
  const found = known.get(keyOf(at));
  if (found === undefined) throw new KafkaError('unavailable', `nothing is known yet of ${at.topic}/${at.partition}`);
  return found.next;
}
