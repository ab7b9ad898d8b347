import { partitionFor } from '@onceline/kafka';
import fc from 'fast-check';
import { checkBooks } from './report.js';
import { booksOf, perPartition, worldOf, type World } from './world.spec.js';

const PARTITIONS = 3;
const CHAT = 1;

/** One ticket with four messages. */
const settled = () => worldOf([1, 2, 3, 4].map((message) => ({ chat: CHAT, message, payload: 0, readable: true })));

function audit(damage: (world: World) => void) {
  const world = settled();
  damage(world);
  return checkBooks(booksOf(world));
}

describe('what retention deleted from one partition', () => {
  const emptied = (partition: number) =>
    perPartition(-Infinity).map((time, at) => (at === partition ? Infinity : time));

  test.each([
    ['event', partitionFor(`ticket-${CHAT}`, PARTITIONS), (world: World) => void world.published.pop()],
    ['dead letter', CHAT % PARTITIONS, (world: World) => void (world.ledger[3]!.outcome = 'dead-lettered')],
  ])('excuses no lost %s of another one', (_, own, lose) => {
    fc.assert(
      fc.property(fc.nat({ max: PARTITIONS - 1 }), (partition) => {
        const report = audit((world) => {
          world.wholeSince = { ticketEvents: emptied(partition), ticketingDeadLetters: emptied(partition) };
          lose(world);
        });
        const isExcused = partition === own;
        expect(report).toMatchObject({ balanced: isExcused, pending: 0, missingCount: isExcused ? 0 : 1 });
      }),
    );
  });
});

describe('the order of a ticket on its topic', () => {
  const publish = (world: World, order: readonly number[]) => {
    const events = world.published;
    world.published = order.map((at, offset) => ({ ...events[at]!, offset }));
  };

  test('is that of its versions, however often the relay begins again at an earlier one', () => {
    const restart = fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }));
    fc.assert(
      fc.property(fc.array(restart, { maxLength: 4 }), (restarts) => {
        const order = [0, 1, 2, 3];
        for (const [from, count] of restarts) order.splice(from + count, 0, ...order.slice(from, from + count));
        expect(audit((world) => publish(world, order))).toMatchObject({ balanced: true, published: 4 });
      }),
    );
  });

  test('is broken by any other first order, and by copies that hide it', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), (order) => {
        fc.pre(order.join() !== '0,1,2,3');
        const report = audit((world) => publish(world, [...order, 0, 1, 2, 3]));
        expect(report.balanced).toBe(false);
        expect(new Set(report.contradictions.map(({ rule }) => rule))).toEqual(new Set(['published-out-of-order']));
      }),
    );
  });

  test('is not judged by copies of what retention has taken', () => {
    const report = audit((world) => {
      publish(world, [3, 1, 2, 3]);
      const since = world.events[3]!.recordedAt;
      world.wholeSince = { ...world.wholeSince, ticketEvents: perPartition(since) };
    });
    expect(report).toMatchObject({ balanced: true, published: 3 });
  });
});
