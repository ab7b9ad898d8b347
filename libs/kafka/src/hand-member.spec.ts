import { KafkaError } from './errors.js';
import type { ConsumedRecord } from './port.js';
import type { FetchedBatch, GroupListener, GroupMember, TopicPartition } from './wire.js';

/** Records of topic `t`. */
export const recordsOf = (partition: number, from: number, count: number): ConsumedRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    topic: 't',
    partition,
    offset: from + i,
    timestamp: 0,
    key: null,
    value: null,
    headers: {},
  }));

/** A few turns of the event loop. */
export const turns = async () => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** A membership moved by hand: three partitions of topic `t`, each fetched from where the listener says. */
export class HandMember implements GroupMember {
  listener!: GroupListener;
  readonly commits: string[] = [];
  /** What the client was told, in order. */
  readonly told: string[] = [];
  readonly committed = [0, 0, 0];
  refusal: Error | undefined;
  end: number | undefined;
  private epoch = 0;

  async start(listener: GroupListener): Promise<void> {
    this.listener = listener;
    this.assign([0, 1, 2]);
    await turns();
    this.told.length = 0;
  }
  assign(partitions: readonly number[]): void {
    this.epoch++;
    this.listener.assigned(partitions.map((partition) => ({ topic: 't', partition })));
  }
  stop = () => Promise.resolve();
  isJoined = () => true;
  pause = (partitions: readonly TopicPartition[]) => this.tell('pause', partitions);
  resume = (partitions: readonly TopicPartition[]) => this.tell('resume', partitions);
  seek = ({ partition }: TopicPartition, offset: number) => void this.told.push(`seek ${partition}:${offset}`);
  positions = async (partitions: readonly TopicPartition[]) =>
    partitions.map(({ partition }) => this.committed[partition]!);
  logEnd = () => this.end;
  commit = async (offsets: readonly (TopicPartition & { nextOffset: number })[]): Promise<void> => {
    for (const { partition, nextOffset } of offsets) {
      this.commits.push(`${partition}:${nextOffset}`);
      this.committed[partition] = nextOffset;
    }
  };

  /** Delivers a batch; answers where the client goes on. */
  deliver(partition: number, [from, count]: [number, number], nextOffset = from + count): number | undefined {
    const { epoch } = this;
    const batch: FetchedBatch = {
      topic: 't',
      partition,
      from,
      records: recordsOf(partition, from, count),
      nextOffset,
      commit: async (offsets) => {
        if (this.refusal !== undefined) throw this.refusal;
        if (this.epoch !== epoch) throw new KafkaError('unavailable', 'the assignment changed');
        await this.commit(offsets);
      },
    };
    return this.listener.fetched(batch);
  }

  private tell(what: string, partitions: readonly TopicPartition[]): void {
    for (const { partition } of partitions) this.told.push(`${what} ${partition}`);
  }
}
