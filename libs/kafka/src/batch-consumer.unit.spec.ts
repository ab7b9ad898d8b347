import fc from 'fast-check';
import { MergingConsumer, takeParts } from './batch-consumer.js';
import { KafkaError } from './errors.js';
import type { BatchOutcome, ConsumedRecord, RecordBatch } from './port.js';
import type { FetchedBatch, GroupListener, GroupMember, TopicPartition } from './wire.js';

const recordsOf = (partition: number, from: number, count: number): ConsumedRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    topic: 't',
    partition,
    offset: from + i,
    timestamp: 0,
    key: null,
    value: null,
    headers: {},
  }));

/** A membership moved by hand. */
class HandMember implements GroupMember {
  listener!: GroupListener;
  readonly commits: string[] = [];
  readonly resolved: string[] = [];
  readonly pauses: string[] = [];
  refusal: Error | undefined;

  async start(listener: GroupListener): Promise<void> {
    this.listener = listener;
    listener.assigned([0, 1, 2].map((partition) => ({ topic: 't', partition })));
  }
  stop = () => Promise.resolve();
  isJoined = () => true;
  pause = (partitions: readonly TopicPartition[]) => void this.pauses.push(`pause ${partitions.length}`);
  resume = (partitions: readonly TopicPartition[]) => void this.pauses.push(`resume ${partitions.length}`);
  seek = () => undefined;
  lag = () => 0;
  commit = async (offsets: readonly (TopicPartition & { nextOffset: number })[]): Promise<void> => {
    this.commits.push(...offsets.map((o) => `${o.partition}:${o.nextOffset}`));
  };

  /** Delivers a batch; its promise settles when the consumer is done with it. */
  deliver(partition: number, count: number, nextOffset = count): Promise<void> {
    const fetched: FetchedBatch = {
      topic: 't',
      partition,
      records: recordsOf(partition, 0, count),
      nextOffset,
      resolve: (offset) => void this.resolved.push(`${partition}:${offset}`),
      commit: (offsets) => (this.refusal === undefined ? this.commit(offsets) : Promise.reject(this.refusal)),
    };
    return this.listener.fetched(fetched);
  }
}

/** A handler that waits for its outcome. */
class HandHandler {
  readonly calls: { batches: readonly RecordBatch[]; settle(outcome: BatchOutcome): void }[] = [];
  readonly handle = (batches: readonly RecordBatch[]) =>
    new Promise<BatchOutcome>((resolve) => this.calls.push({ batches, settle: resolve }));

  sizes = () => this.calls.map(({ batches }) => batches.map((b) => `${b.partition}:${b.records.length}`).join(' '));
}

const commit: BatchOutcome = { settle: 'commit' };
const turns = async () => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};
const start = async (maxRecords = 10) => {
  const [member, handler, failures] = [new HandMember(), new HandHandler(), [] as KafkaError[]];
  const consumer = new MergingConsumer(member, {
    groupId: 'g',
    topics: ['t'],
    maxRecords,
    handle: handler.handle,
    onFailure: (error) => void failures.push(error),
  });
  await consumer.start();
  return { member, handler, consumer, failures };
};

describe('takeParts', () => {
  it('hands out everything once, in order, each partition once a call, never more than the limit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 20 }),
        (sizes, limit) => {
          let queue = sizes.map((size, partition) => ({
            fetched: {
              topic: 't',
              partition,
              records: recordsOf(partition, 0, size),
              nextOffset: size + 1,
              resolve: () => undefined,
              commit: () => Promise.resolve(),
            } satisfies FetchedBatch,
            from: 0,
            release: () => undefined,
            reject: () => undefined,
          }));
          const seen = sizes.map(() => [] as number[]);
          while (queue.length > 0) {
            const parts = takeParts(queue, limit);
            expect(parts.reduce((sum, { batch }) => sum + batch.records.length, 0)).toBeLessThanOrEqual(limit);
            expect(parts.length).toBeGreaterThan(0);
            for (const { queued, batch, isLast } of parts) {
              seen[batch.partition]!.push(...batch.records.map(({ offset }) => offset));
              // Behind the last record lie control records, which the last part takes along.
              expect(batch.nextOffset).toBe(batch.records.at(-1)!.offset + (isLast ? 2 : 1));
              (queued as { from: number }).from += batch.records.length;
            }
            queue = queue.filter(({ from, fetched }) => from < fetched.records.length);
          }
          expect(seen).toEqual(sizes.map((size) => Array.from({ length: size }, (_, i) => i)));
        },
      ),
    );
  });
});

describe('group commit', () => {
  it('takes all that queued while the handler ran, splits what is too much, and commits once per call', async () => {
    const { member, handler } = await start();
    const first = member.deliver(0, 4);
    await turns();
    const rest = [member.deliver(1, 8), member.deliver(2, 5, 9)];
    await turns();
    expect(handler.sizes()).toEqual(['0:4']);
    handler.calls[0]!.settle(commit);
    await first;
    await turns();
    handler.calls[1]!.settle(commit);
    await turns();
    handler.calls[2]!.settle(commit);
    await Promise.all(rest);
    expect(handler.sizes()).toEqual(['0:4', '1:8 2:2', '2:3']);
    expect(member.commits).toEqual(['0:4', '1:8', '2:2', '2:9']);
    expect(member.resolved).toEqual(member.commits);
  });
});

describe('redelivery', () => {
  it('resolves nothing, pauses everything, and lets what waits go', async () => {
    const { member, handler, consumer } = await start();
    const first = member.deliver(0, 3);
    await turns();
    const second = member.deliver(1, 3);
    handler.calls[0]!.settle({ settle: 'redeliver', afterMs: 30 });
    await Promise.all([first, second]);
    expect(handler.sizes()).toEqual(['0:3']);
    expect([...member.commits, ...member.resolved]).toEqual([]);
    expect(consumer.assignment().every(({ state }) => state === 'paused')).toBe(true);
    member.listener.assigned([{ topic: 't', partition: 0 }]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(member.pauses).toEqual(['resume 3', 'pause 3', 'pause 1', 'resume 1']);
  });
});

describe('a rebalance', () => {
  it('waits for what is in hand, not for what has not begun', async () => {
    const { member, handler } = await start(4);
    const rebalance = Object.assign(new Error('rebalancing'), { type: 'REBALANCE_IN_PROGRESS' });
    const inHand = member.deliver(0, 6);
    await turns();
    const waiting = member.deliver(1, 3);
    member.listener.unsettled(rebalance);
    // The client must see its own error, or it does not join the group again.
    await expect(waiting).rejects.toBe(rebalance);
    handler.calls[0]!.settle(commit);
    await expect(inHand).rejects.toBe(rebalance);
    expect(handler.sizes()).toEqual(['0:4']);
    expect(member.commits).toEqual(['0:4']);
    expect(member.resolved).toEqual(['0:4']);
  });

  it('resolves nothing that could not be committed', async () => {
    const { member, handler, failures } = await start();
    const refusal = Object.assign(new Error('illegal generation'), { type: 'ILLEGAL_GENERATION' });
    member.refusal = refusal;
    const lost = member.deliver(0, 3);
    await turns();
    handler.calls[0]!.settle(commit);
    await expect(lost).rejects.toBe(refusal);
    member.refusal = new KafkaError('unavailable', 'the assignment changed');
    const stale = member.deliver(0, 3);
    await turns();
    handler.calls[1]!.settle(commit);
    await stale;
    expect(member.resolved).toEqual([]);
    expect(failures).toEqual([]);
  });
});

describe('control records', () => {
  it('are committed after a while when nothing else is, and never behind a newer commit', async () => {
    const { member, handler } = await start();
    member.listener.skipped({ topic: 't', partition: 0 }, 7);
    member.listener.skipped({ topic: 't', partition: 1 }, 8);
    const batch = member.deliver(0, 3, 10);
    await turns();
    handler.calls[0]!.settle(commit);
    await batch;
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await turns();
    expect(member.commits).toEqual(['0:10', '1:8']);
  });
});
