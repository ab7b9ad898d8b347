/** A copy of a redrive meets its own update, which waited behind a head, at the moment when it becomes the head itself. */
import { releaseStack } from '@onceline/testing';
import { openStore, testRules, type TestStore } from '../store/fixtures.spec.js';
import { settleBatchOn } from '../store/settle-batch.js';
import type { WithSession } from '../store/session.js';
import { settleUpdates } from '../store/settle-updates.js';
import { World } from './world.spec.js';

let store: TestStore;
let other: TestStore;
let world: World;
beforeEach(async () => {
  store = await openStore();
  other = await openStore(store.url);
  world = new World(store);
});
afterEach(() => Promise.all([store.close(), other.close()]));
afterAll(releaseStack);

/** A redriven update that waits behind a head, with others before and behind it. Answers what it takes to move both on. */
async function redrivenBehindHead(counts: { before: number; behind: number }) {
  const [redriven, head] = world.writeAll([1, 1]);
  if (!redriven || !head) throw new Error('nothing was written');
  await world.fail(redriven.idempotencyKey, 'permanent');
  await world.settle([redriven]);
  await world.heal(redriven.idempotencyKey);
  await world.fail(head.idempotencyKey, 'transient', 1);
  await world.settle([head]);
  const [[letter], [back]] = [await world.deadLetters(), await world.waiting()];
  if (!letter || !back) throw new Error('one should be dead and one should wait');
  const redrive = () => world.redriven(letter, 'r1');
  const [before, behind] = [counts.before, counts.behind].map((count) => world.writeAll(Array<number>(count).fill(1)));
  for (const updates of [before, [redrive()], behind]) await world.settle(updates ?? []);
  const expected = [head, ...(before ?? []), redriven, ...(behind ?? [])].map(({ idempotencyKey }) => idempotencyKey);
  return { redrive, returning: () => world.redelivered(back), back, expected };
}

/** Lets something happen right after the first statement of that name. */
function happening(after: string, what: () => Promise<unknown>): WithSession {
  let happened = false;
  return (work) =>
    store.withSession((session) =>
      work({
        command: (sql) => session.command(sql),
        discard: () => session.discard(),
        async query<Row>(...[statement, values]: Parameters<typeof session.query>) {
          const result = await session.query<Row>(statement, values);
          if (statement.name === after && !happened) {
            happened = true;
            await what();
          }
          return result;
        },
      }),
    );
}

it('while another instance does it, between the two reads: it is decided again', async () => {
  const { redrive, returning, back, expected } = await redrivenBehindHead({ before: 0, behind: 1 });
  const promote = () => settleBatchOn(other.withSession, testRules())([returning()], { drainLimit: 0 });
  const settle = settleBatchOn(happening('load-queues', promote), testRules());
  await settleUpdates([redrive()], settle);
  await world.deliverAll(back.id);
  expect(await world.contradictions()).toEqual([]);
  expect(await world.history(1)).toEqual(expected);
});

it('in the same batch, with more behind it than was read: the record that it left with brings it', async () => {
  const { redrive, returning, back, expected } = await redrivenBehindHead({ before: 1, behind: 4 });
  const settle = settleBatchOn(store.withSession, testRules({ drainLimit: 1 }));
  await settleUpdates([returning(), redrive(), redrive()], settle);
  expect(await world.contradictions()).toEqual([]);
  await world.deliverAll(back.id);
  expect(await world.history(1)).toEqual(expected);
});
