import { jest } from '@jest/globals';
import { HandMember, turns } from './hand-member.spec.js';
import { HoldingConsumer } from './holding-consumer.js';
import type { ConsumedRecord, HoldingConsumerOptions } from './port.js';

const HOUR = 3_600_000;

/** Records are due at once unless told otherwise, and say nothing about those behind them. */
async function start(options: Partial<HoldingConsumerOptions> = {}) {
  const [member, sent] = [new HandMember(), [] as number[]];
  const consumer = new HoldingConsumer(member, {
    groupId: 'g',
    topics: ['t'],
    dueTimesOf: () => ({ due: 0, earliestBehind: 0 }),
    forward: async (records) => void sent.push(...records.map(({ offset }) => offset)),
    onFailure: (error) => {
      throw error;
    },
    ...options,
  });
  await consumer.start();
  return { member, consumer, sent };
}
const dueIn = (ms: number) => () => ({ due: Date.now() + ms, earliestBehind: 0 });

describe('a fetch that leaves something out', () => {
  it('is not taken: the client goes back, and what lies between is sent, too', async () => {
    const { member, consumer, sent } = await start();
    expect(member.deliver(0, [0, 2])).toBe(2);
    // Begun under an assignment that had read further than it committed.
    expect(member.deliver(0, [5, 2])).toBeUndefined();
    expect(member.told).toContain('seek 0:2');
    expect(member.deliver(0, [2, 5])).toBe(7);
    await turns();
    await consumer.stop();
    expect([...sent].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(member.committed[0]).toBe(7);
  });

  it('is taken when it leaves the same out again: that is gone from the log', async () => {
    const { member, consumer, sent } = await start();
    expect(member.deliver(0, [5, 2])).toBeUndefined();
    expect(member.deliver(0, [5, 2])).toBe(7);
    await turns();
    await consumer.stop();
    expect(sent).toEqual([5, 6]);
  });

  it('may hold nothing to see, which does not make it complete', async () => {
    const { member, consumer } = await start();
    member.listener.skipped({ topic: 't', partition: 0, from: 4, nextOffset: 9 });
    expect(member.told).toContain('seek 0:0');
    expect(member.deliver(0, [0, 4], 9)).toBe(9);
    await turns();
    await consumer.stop();
    expect(member.committed[0]).toBe(9);
  });
});

describe('what is held', () => {
  it('is bounded by its bytes, too, whatever the partition: then nobody reads on', async () => {
    const big = (record: ConsumedRecord) => ({ ...record, value: Buffer.alloc(600) });
    const { member, consumer } = await start({ maxHeldBytes: 1000, dueTimesOf: dueIn(HOUR) });
    const deliver = (partition: number, from: number) => {
      const records = [{ ...recordAt(partition, from) }].map(big);
      const batch = { topic: 't', partition, from, records, nextOffset: from + 1, commit: () => Promise.resolve() };
      return member.listener.fetched(batch);
    };
    deliver(0, 0);
    expect(member.told).not.toContain('pause 0');
    deliver(1, 0);
    expect(member.told).toContain('pause 1');
    deliver(0, 1);
    expect(member.told).toContain('pause 0');
    // Whoever holds nothing reads on all the same: what it has to wait for may be in no hand yet.
    expect(member.told).not.toContain('pause 2');
    await consumer.stop();
  });

  it('costs nothing while it only waits', async () => {
    const { member, consumer } = await start({ maxHeld: 2, dueTimesOf: dueIn(HOUR) });
    member.deliver(0, [0, 2]);
    expect(member.told).toContain('pause 0');
    const timers = jest.spyOn(globalThis, 'setTimeout');
    await new Promise((resolve) => setImmediate(() => setTimeout(resolve, 200)));
    const looks = timers.mock.calls.length - 1;
    timers.mockRestore();
    expect(looks).toBeLessThan(3);
    await consumer.stop();
  });
});

describe('a commit that fails', () => {
  it('is made again although nothing else is sent', async () => {
    const { member, consumer } = await start();
    member.refusal = new Error('the coordinator is away');
    member.deliver(0, [0, 2]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(member.commits).toEqual([]);
    member.refusal = undefined;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(member.commits).toEqual(['0:2']);
    await consumer.stop();
  });
});

function recordAt(partition: number, offset: number): ConsumedRecord {
  return { topic: 't', partition, offset, timestamp: 0, key: null, value: null, headers: {} };
}
