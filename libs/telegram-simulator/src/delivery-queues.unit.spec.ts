import fc from 'fast-check';

import { DeliveryQueues, storeLimits } from './delivery-queues.js';
import type { StoredUpdate } from './generate-updates.js';
import { createRandom } from './random.js';

const update = (updateId: number, queue: number, expiresAt = 86_400): StoredUpdate => ({
  updateId,
  kind: 'message',
  queue,
  expiresAt,
  body: Buffer.from(`{"update_id":${updateId}}`),
});

function filled(maxConnections: number, updates: StoredUpdate[]): { queues: DeliveryQueues; dropped: number[] } {
  const dropped: number[] = [];
  const queues = new DeliveryQueues(maxConnections, createRandom(1), ({ updateId }) => dropped.push(updateId));
  updates.forEach((each) => queues.store(each));
  return { queues, dropped };
}

function takeAll(queues: DeliveryQueues, now: number) {
  queues.load(now);
  const taken = [];
  for (let next = queues.takeDue(now); next !== undefined; next = queues.takeDue(now)) taken.push(next);
  return taken;
}

describe('the queues of a bot', () => {
  it('send one update of a queue at a time and different queues side by side', () => {
    const { queues } = filled(40, [update(1, 7), update(2, 7), update(3, 8)]);
    const [first, other] = takeAll(queues, 0);
    expect([first?.update.updateId, other?.update.updateId]).toEqual([1, 3]);
    expect(takeAll(queues, 1000)).toEqual([]);
    queues.acknowledge(first!);
    expect(takeAll(queues, 1000).map((each) => each.update.updateId)).toEqual([2]);
  });

  it('block a queue behind its failing head until that is due again', () => {
    const { queues } = filled(40, [update(1, 7), update(2, 7), update(3, 8)]);
    const [head, other] = takeAll(queues, 10);
    queues.acknowledge(other!);
    queues.fail(head!, 0, 10);
    const again = takeAll(queues, 10);
    expect(again.map((each) => each.update.updateId)).toEqual([1]);
    queues.fail(again[0]!, 0, 10);
    expect(takeAll(queues, 11.9)).toEqual([]);
    expect(queues.nextWake()).toBe(12);
    expect(takeAll(queues, 12).map((each) => each.update.updateId)).toEqual([1]);
  });

  it('load at most two queues per connection: that many failing chats stall the bot, one less does not', () => {
    const chats = (count: number): StoredUpdate[] =>
      Array.from({ length: count }, (_, index) => update(index + 1, index));
    const stalled = filled(2, [...chats(4), update(99, 99)]);
    takeAll(stalled.queues, 0).forEach((each) => stalled.queues.fail(each, 3600, 0));
    expect(takeAll(stalled.queues, 3599)).toEqual([]);
    const flowing = filled(2, [...chats(3), update(99, 99)]);
    takeAll(flowing.queues, 0).forEach((each) =>
      each.update.updateId === 99 ? flowing.queues.acknowledge(each) : flowing.queues.fail(each, 3600, 0),
    );
    expect(flowing.queues.pendingCount).toBe(3);
  });

  it('discard what has expired when loading', () => {
    const { queues, dropped } = filled(40, [update(1, 7, 50), update(2, 8, 200)]);
    expect(takeAll(queues, 100).map((each) => each.update.updateId)).toEqual([2]);
    expect(dropped).toEqual([1]);
  });

  it('send an expired update once more if it was loaded behind a blocked head', () => {
    const { queues, dropped } = filled(40, [update(1, 7), update(2, 7, 50)]);
    const [head] = takeAll(queues, 0);
    queues.sweep(100);
    expect(queues.pendingCount).toBe(1);
    queues.acknowledge(head!);
    const [late] = takeAll(queues, 100);
    expect(late?.update.updateId).toBe(2);
    queues.fail(late!, 0, 100);
    expect(dropped).toEqual([2]);
    expect(queues.pendingCount).toBe(0);
  });

  it('go on with the next update of the queue when one is given up', () => {
    const { queues, dropped } = filled(40, [update(1, 7, 30), update(2, 7)]);
    const [head] = takeAll(queues, 0);
    queues.fail(head!, 60, 0);
    expect(dropped).toEqual([1]);
    expect(queues.droppedCount).toBe(1);
    expect(takeAll(queues, 0).map((each) => each.update.updateId)).toEqual([2]);
  });

  it('start again from the oldest after a restart, with back-off forgotten', () => {
    const { queues } = filled(1, [update(1, 1), update(2, 2), update(3, 3)]);
    const [first, second] = takeAll(queues, 0);
    queues.acknowledge(first!);
    queues.fail(second!, 3600, 0);
    queues.reload();
    expect(takeAll(queues, 1).map((each) => [each.update.updateId, each.backOff.failures])).toEqual([
      [2, 0],
      [3, 0],
    ]);
  });

  it('refuse what Telegram has no room for', () => {
    const { queues } = filled(1, []);
    expect(queues.store({ ...update(1, 1), body: Buffer.alloc(storeLimits.updateBytes + 1) })).toBe(false);
    expect(queues.store(update(1, 1))).toBe(true);
    expect(queues.store(update(1, 1))).toBe(false);
    for (let id = 2; id <= storeLimits.updates; id++) queues.store(update(id, id));
    expect(queues.pendingCount).toBe(100_000);
    expect(queues.store(update(100_001, 1))).toBe(false);
  });

  it('refuse more than 128 MiB', () => {
    const { queues } = filled(1, []);
    const body = Buffer.alloc(storeLimits.updateBytes);
    const stored = Array.from({ length: 300 }, (_, index) => queues.store({ ...update(index + 1, 1), body })).filter(
      Boolean,
    );
    expect(stored.length).toBe(256);
  });

  it('end every update exactly once and keep the order inside each queue, whatever fails', () => {
    const step = fc.record({ pick: fc.nat(), ok: fc.boolean(), wait: fc.nat(30) });
    fc.assert(
      fc.property(
        fc.array(fc.nat(6), { maxLength: 60 }),
        fc.infiniteStream(step),
        fc.integer({ min: 1, max: 3 }),
        (chats, steps, max) => {
          const { queues, dropped } = filled(
            max,
            chats.map((chat, index) => update(index + 1, chat, 500)),
          );
          const ended: number[] = [];
          const flight: ReturnType<typeof takeAll> = [];
          for (let now = 0; queues.pendingCount > 0; now += 5) {
            flight.push(...takeAll(queues, now));
            expect(new Set(flight.map((each) => each.update.queue)).size).toBe(flight.length);
            expect(flight.length).toBeLessThanOrEqual(2 * max);
            const value = steps.next().value as { pick: number; ok: boolean; wait: number };
            const [next] = flight.length === 0 ? [] : flight.splice(value.pick % flight.length, 1);
            if (next === undefined) continue;
            if (value.ok) ended.push(next.update.updateId);
            if (value.ok) queues.acknowledge(next);
            else queues.fail(next, value.wait, now);
          }
          expect([...ended, ...dropped].sort((a, b) => a - b)).toEqual(chats.map((_, index) => index + 1));
          for (const chat of new Set(chats)) {
            const inQueue = ended.filter((id) => chats[id - 1] === chat);
            expect(inQueue).toEqual([...inQueue].sort((a, b) => a - b));
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
