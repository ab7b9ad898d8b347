/**
 * Sees to it that a transaction has really ended before the next one begins. A coordinator that finds no leader skips a marker and calls
 * the transaction ended all the same; should the next one then be aborted, the marker of that would take along what was committed.
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
/** While nobody waits for them there is time to ask once, when they are surely there. */
const IDLE_PAUSE_MS = 25;
const MAX_PAUSE_MS = 200;

/** Watches the partitions that one transactional id alone writes. */
export class MarkerWatch {
  private written = new Map<string, Written>();
  private arrival: Promise<{ readonly error: unknown } | undefined> = Promise.resolve(undefined);
  /** Ends the idle pause of the transaction last ended. */
  private want: () => void = () => undefined;
  private stopped = false;

  constructor(
    private readonly cluster: Cluster,
    private readonly leaders: Leaders,
  ) {}

  wrote(at: TopicPartition, nextOffset: number): void {
    this.written.set(`${at.topic}/${at.partition}`, { at, nextOffset });
  }

  /** The end of the transaction is answered: its markers are on their way. */
  expect(): void {
    const written = [...this.written.values()];
    this.written = new Map();
    const wanted = new Promise<void>((resolve) => (this.want = resolve));
    // An error waits for whoever begins the next transaction.
    this.arrival = this.seeAll(written, wanted).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
  }

  /** Resolves once committed readers see all that was written. @throws KafkaError */
  async arrived(): Promise<void> {
    this.want();
    const failure = await this.arrival;
    if (failure !== undefined) throw toKafkaError(failure.error, 'waiting for the markers of the last transaction');
  }

  /** Resolves when nothing is asked any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.want();
    await this.arrival;
  }

  private async seeAll(written: readonly Written[], wanted: Promise<void>): Promise<void> {
    let left = written;
    if (left.length > 0) await unlessWanted(IDLE_PAUSE_MS, wanted);
    const until = Date.now() + PATIENCE_MS;
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

async function unlessWanted(pauseMs: number, wanted: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const pause = new Promise<void>((resolve) => (timer = setTimeout(resolve, pauseMs)));
  await Promise.race([pause, wanted]);
  clearTimeout(timer);
}
