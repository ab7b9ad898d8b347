import fc from 'fast-check';
import { MergingConsumer, takeParts } from './batch-consumer.js';
import type { KafkaError } from './errors.js';
import { HandMember, recordsOf, turns } from './hand-member.spec.js';
import { PartitionIntake } from './partition-intake.js';
import type { BatchOutcome, RecordBatch } from './port.js';

/** A handler that waits for its outcome. */
class HandHandler {
  readonly calls: { batches: readonly RecordBatch[]; settle(outcome: BatchOutcome): void }[] = [];
  readonly handle = (batches: readonly RecordBatch[]) =>
    new Promise<BatchOutcome>((resolve) => this.calls.push({ batches, settle: resolve }));

  /** Partition, first offset and count of every batch of every call. */
  seen = () =>
    this.calls.map(({ batches }) =>
      batches.map(({ partition, records }) => `${partition}@${records[0]!.offset}+${records.length}`).join(' '),
    );
}

const commit: BatchOutcome = { settle: 'commit' };
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
        fc.array(fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 4 }), { maxLength: 8 }),
        fc.integer({ min: 1, max: 20 }),
        (fetches, limit) => {
          const member = new HandMember();
          const readings = fetches.map((sizes, partition) => {
            const intake = new PartitionIntake({ topic: 't', partition }, member, { records: 1000, bytes: 1 });
            intake.open(0);
            for (const size of sizes) {
              // Behind the records of each fetch lies a control record, which the last part takes along.
              const [from, nextOffset] = [intake.end, intake.end + size + 1];
              const records = recordsOf(partition, from, size);
              intake.add({ topic: 't', partition, from, records, nextOffset, commit: () => Promise.resolve() });
            }
            return { at: { topic: 't', partition }, intake, settled: 0 };
          });
          const ends = readings.map(({ intake }) => intake.end);
          const expected = fetches.map((sizes) => sizes.reduce((sum, size) => sum + size, 0));
          const seen = readings.map(() => [] as number[]);
          const next = readings.map(() => 0);
          for (let parts; (parts = takeParts(readings, limit)).length > 0;) {
            expect(parts.reduce((sum, { batch }) => sum + batch.records.length, 0)).toBeLessThanOrEqual(limit);
            expect(new Set(parts.map(({ batch }) => batch.partition)).size).toBe(parts.length);
            for (const { batch } of parts) {
              seen[batch.partition]!.push(...batch.records.map(({ offset }) => offset));
              expect(batch.nextOffset).toBeGreaterThan(batch.records.at(-1)!.offset);
              next[batch.partition] = batch.nextOffset;
            }
          }
          expect(seen.map((offsets) => offsets.length)).toEqual(expected);
          for (const offsets of seen) expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => a - b));
          expect(next).toEqual(ends);
        },
      ),
    );
  });

  it('serves first whoever waited longest', () => {
    const member = new HandMember();
    const readings = [0, 1].map((partition) => {
      const intake = new PartitionIntake({ topic: 't', partition }, member, { records: 1000, bytes: 1 });
      intake.open(0);
      const records = recordsOf(partition, 0, 6);
      intake.add({ topic: 't', partition, from: 0, records, nextOffset: 6, commit: () => Promise.resolve() });
      return { at: { topic: 't', partition }, intake, settled: 0 };
    });
    const order = [1, 2, 3, 4].map(() => takeParts(readings, 3).map(({ batch }) => batch.partition));
    expect(order).toEqual([[0], [1], [0], [1]]);
  });
});

describe('group commit', () => {
  it('takes all that queued while the handler ran, splits what is too much, and commits once per call', async () => {
    const { member, handler } = await start();
    expect(member.deliver(0, [0, 4])).toBe(4);
    await turns();
    // The client goes on fetching while the handler works.
    expect(member.deliver(0, [4, 2])).toBe(6);
    expect(member.deliver(1, [0, 3])).toBe(3);
    expect(member.deliver(0, [6, 3])).toBe(9);
    expect(member.deliver(2, [0, 8], 9)).toBe(9);
    await turns();
    expect(handler.seen()).toEqual(['0@0+4']);
    for (let i = 0; i < 3; i++) {
      handler.calls[i]!.settle(commit);
      await turns();
    }
    expect(handler.seen()).toEqual(['0@0+4', '1@0+3 2@0+7', '0@4+5 2@7+1']);
    expect(member.commits).toEqual(['0:4', '1:3', '2:7', '0:9', '2:9']);
  });
});

describe('redelivery', () => {
  it('drops what waits, pauses everything, and begins again at the first unsettled record', async () => {
    const { member, handler, consumer } = await start();
    member.deliver(0, [0, 3]);
    await turns();
    member.deliver(0, [3, 5]);
    member.deliver(1, [0, 3]);
    handler.calls[0]!.settle({ settle: 'redeliver', afterMs: 30 });
    await turns();
    expect(handler.seen()).toEqual(['0@0+3']);
    expect(member.commits).toEqual([]);
    expect(consumer.assignment().every(({ state }) => state === 'paused')).toBe(true);
    expect([...member.told].sort()).toEqual(['pause 0', 'pause 1', 'pause 2']);
    // What the client still brings is not taken.
    expect(member.deliver(0, [8, 1])).toBeUndefined();
    member.told.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([...member.told].sort()).toEqual(['resume 0', 'resume 1', 'resume 2', 'seek 0:0', 'seek 1:0', 'seek 2:0']);
    expect(member.deliver(0, [0, 3])).toBe(3);
    await turns();
    expect(handler.seen()).toEqual(['0@0+3', '0@0+3']);
  });

  it('stays paused through a rebalance', async () => {
    const { member, handler } = await start();
    member.deliver(0, [0, 3]);
    await turns();
    handler.calls[0]!.settle({ settle: 'redeliver', afterMs: 30 });
    await turns();
    member.told.length = 0;
    member.assign([0]);
    await turns();
    expect(member.told).toEqual(['pause 0']);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(member.told).toEqual(['pause 0', 'seek 0:0', 'resume 0']);
  });
});

describe('a rebalance', () => {
  it('waits for what is in hand, drops what has not begun, and goes on from what is committed', async () => {
    const { member, handler } = await start(4);
    member.deliver(0, [0, 6]);
    await turns();
    member.deliver(1, [0, 3]);
    let isFree = false;
    const letGo = member.listener.letGo().then(() => (isFree = true));
    await turns();
    expect(isFree).toBe(false);
    handler.calls[0]!.settle(commit);
    await letGo;
    await turns();
    expect(handler.seen()).toEqual(['0@0+4']);
    expect(member.commits).toEqual(['0:4']);
    member.told.length = 0;
    member.assign([0]);
    await turns();
    expect(member.told).toEqual(['pause 0', 'seek 0:4', 'resume 0']);
    expect(member.deliver(1, [3, 2])).toBeUndefined();
    expect(member.deliver(0, [4, 2])).toBe(6);
    await turns();
    expect(handler.seen()).toEqual(['0@0+4', '0@4+2']);
  });

  it('does not commit what a slow handler settles under the next assignment: it comes again', async () => {
    const { member, handler, failures } = await start();
    member.deliver(0, [0, 3]);
    await turns();
    void member.listener.letGo();
    member.assign([0, 1]);
    await turns();
    member.deliver(0, [0, 3]);
    await turns();
    expect(handler.calls.length).toBe(1);
    handler.calls[0]!.settle(commit);
    await turns();
    expect(member.commits).toEqual([]);
    expect(handler.seen()).toEqual(['0@0+3', '0@0+3']);
    handler.calls[1]!.settle(commit);
    await turns();
    expect(member.commits).toEqual(['0:3']);
    expect(failures).toEqual([]);
  });
});

describe('a refused commit', () => {
  it('settles nothing: the partition begins again at its first unsettled record', async () => {
    const { member, handler, failures, consumer } = await start();
    member.end = 9;
    member.refusal = Object.assign(new Error('illegal generation'), { type: 'ILLEGAL_GENERATION' });
    member.deliver(0, [0, 3]);
    await turns();
    member.deliver(0, [3, 6]);
    handler.calls[0]!.settle(commit);
    await turns();
    expect(member.told).toEqual(['seek 0:0', 'resume 0']);
    expect(consumer.assignment()[0]!.lag).toBe(9);
    member.refusal = undefined;
    // A fetch from the abandoned position would leave records out: it is not taken.
    expect(member.deliver(0, [9, 1])).toBeUndefined();
    expect(member.deliver(0, [0, 9])).toBe(9);
    await turns();
    handler.calls[1]!.settle(commit);
    await turns();
    expect(handler.seen()).toEqual(['0@0+3', '0@0+9']);
    expect(member.commits).toEqual(['0:9']);
    expect(consumer.assignment()[0]!.lag).toBe(0);
    expect(failures).toEqual([]);
  });
});

describe('stopping', () => {
  it('finishes and commits what is in hand, and handles nothing that only waits', async () => {
    const { member, handler, consumer } = await start();
    member.deliver(0, [0, 3]);
    await turns();
    member.deliver(0, [3, 3]);
    const stopped = consumer.stop();
    handler.calls[0]!.settle(commit);
    await stopped;
    await turns();
    expect(handler.seen()).toEqual(['0@0+3']);
    expect(member.commits).toEqual(['0:3']);
    expect(member.deliver(0, [6, 3])).toBeUndefined();
  });
});

describe('control records', () => {
  it('are committed after a while when nothing else is, and never behind a newer commit', async () => {
    const { member, handler } = await start();
    member.listener.skipped({ topic: 't', partition: 0, from: 0, nextOffset: 7 });
    member.listener.skipped({ topic: 't', partition: 1, from: 0, nextOffset: 8 });
    member.deliver(0, [7, 3], 11);
    await turns();
    member.listener.skipped({ topic: 't', partition: 0, from: 11, nextOffset: 12 });
    handler.calls[0]!.settle(commit);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await turns();
    expect(member.commits).toEqual(['0:11', '1:8', '0:12']);
  });
});
