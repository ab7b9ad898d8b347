import { partitionFor } from '@onceline/kafka';
import fc from 'fast-check';
import { checkBooks } from './checker-report.js';
import { booksOf, perPartition, worldOf, type World } from './checker-world.spec.js';

const PARTITIONS = 3;
const CHAT = 1;

/** One ticket with four messages. */
const settled = () =>
  worldOf([1, 2, 3, 4].map((message) => ({ chat: CHAT, message, payload: 0, readable: true })));

function audit(damage: (world: World) => void) {
  const world = settled();
  damage(world);
  return checkBooks(booksOf(world));
}

describe('what retention deleted from one partition', () => {
  const emptied = (partition: number) => perPartition(-Infinity).map((time, at) => (at === partition ? Infinity : time));

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
