/**
 * Sees to it that a transaction has really ended. A coordinator that finds no leader skips a marker and calls the transaction ended all the
 * same: its records would stay hidden, and should a next transaction be aborted, the marker of that would take them along.
 */
import type { Cluster } from 'kafkajs';
import { KafkaError } from '../errors.js';
import type { TopicPartition } from '../wire.js';
import { toKafkaError } from './client-errors.js';
import { READ_COMMITTED, listEnds } from './list-offsets.js';
import { refreshCluster, type Leaders } from './open-cluster.js';

/** How far a partition was written. */
interface Written {
  readonly at: TopicPartition;
  readonly nextOffset: number;
}

const PATIENCE_MS = 5000;
/** Markers take some milliseconds; whoever asks earlier asks twice. */
const FIRST_PAUSE_MS = 3;
const MAX_PAUSE_MS = 200;

/** Watches the partitions that one transactional id alone writes. */
export class MarkerWatch {
  private written = new Map<string, Written>();
  private looking: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly leaders: Leaders,
  ) {}

  wrote(at: TopicPartition, nextOffset: number): void {
    this.written.set(`${at.topic}/${at.partition}`, { at, nextOffset });
  }

  /**
   * The end of the transaction is answered: resolves once committed readers see all that was written. Whoever commits waits for it, with
   * nothing to do next as well: a marker that was lost would otherwise hide the records until the partition is written again.
   * @throws KafkaError
   */
  async arrived(): Promise<void> {
    const written = [...this.written.values()];
    this.written = new Map();
    this.looking = this.seeAll(written);
    try {
      await this.looking;
    } catch (error) {
      throw toKafkaError(error, 'waiting for the markers of the transaction');
    }
  }

  /** Ends the wait, and resolves when nothing is asked any more: the next owner looks for what hangs. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.looking.catch(() => undefined);
  }

  private async seeAll(written: readonly Written[]): Promise<void> {
    const until = Date.now() + PATIENCE_MS;
    let left = written;
    for (let pause = FIRST_PAUSE_MS; left.length > 0; pause = Math.min(MAX_PAUSE_MS, pause * 1.5)) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      if (this.stopped) return;
      left = await this.unseen(left);
      if (left.length > 0 && Date.now() > until) {
        const { topic, partition } = left[0]!.at;
        throw new KafkaError('transaction-failed', `no marker in ${topic}/${partition} after ${PATIENCE_MS} ms`);
      }
    }
  }

  private async unseen(written: readonly Written[]): Promise<Written[]> {
    try {
      const asked = await Promise.all(
        [...this.leaders.group(written, ({ at }) => at)].map(([leader, some]) => this.unseenAt(leader, some)),
      );
      return asked.flat();
    } catch (error) {
      // A leader that has moved or gone: the others are asked again too, which changes nothing.
      if (!toKafkaError(error, 'asking').canRetry) throw error;
      await refreshCluster(this.cluster, error);
      return [...written];
    }
  }

  private async unseenAt(leader: number, written: readonly Written[]): Promise<Written[]> {
    const broker = await this.cluster.findBroker({ nodeId: String(leader) });
    const partitions = written.map(({ at }) => at);
    const ends = await listEnds(broker, partitions, READ_COMMITTED);
    return written.filter(({ nextOffset }, i) => ends[i]! < nextOffset);
  }
}
