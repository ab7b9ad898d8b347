/** A stopped consumer must not be let go on by a trial that said nothing. */
import { withOwnWorlds, type World } from '../parking/world.spec.js';
import type { TestStore } from '../store/fixtures.spec.js';
import { rehearseOn } from '../store/rehearse.js';
import { ConsumerStopped } from '../store/settle-batch.js';
import type { TracedUpdate } from '../store/traced-update.js';
import { BreakerStore } from './breaker.store.js';
import { tryingOut } from './try-out.js';

let store: TestStore;
let world: World;
withOwnWorlds((own) => ({ store, world } = own));

const trial = (updates: readonly TracedUpdate[]) =>
  tryingOut(rehearseOn(store.withSession, world.rules()), ({ records, dead }) => dead > records * 0.1)(updates);
const everythingFails = (kind: 'transient' | 'permanent') =>
  store.ask(
    `insert into ticketing.faults (id, share, kind, expires_at) values ('all', 1, $1, now() + interval '1 hour')`,
    [kind],
  );
const chats = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

it.each(['transient', 'permanent'] as const)('fails while every record fails with a %s failure', async (kind) => {
  await everythingFails(kind);
  expect(await trial(world.writeAll(chats(50)))).toBe('failed');
  await world.heal('all');
  expect(await trial(world.writeAll(chats(50)))).toBe('passed');
});

it('says nothing about copies, however many stand before what is new', async () => {
  const copies = world.writeAll(chats(120));
  await world.settle(copies);
  await everythingFails('permanent');
  expect(await trial(copies)).toBe('only-copies');
  const fresh = world.write(1);
  expect(await trial([...copies, fresh])).toBe('failed');
  await world.heal('all');
  expect(await trial([...copies, fresh])).toBe('passed');
});

it('judges what waits behind a failed one by itself', async () => {
  await everythingFails('transient');
  await world.settle(world.writeAll(chats(60)));
  const behind = world.writeAll(chats(60));
  expect(await trial(behind)).toBe('failed');
  await world.heal('all');
  expect(await trial(behind)).toBe('passed');
  expect(await store.ask('select 1 from ticketing.parked_updates')).toEqual([]);
});

it('a stopped consumer passes over copies and handles nothing else', async () => {
  const copies = world.writeAll(chats(3));
  await world.settle(copies);
  await new BreakerStore(store.withSession).open('because');
  expect(await world.settle(copies)).toEqual([]);
  await expect(world.settle([...copies, world.write(1)])).rejects.toThrow(ConsumerStopped);
});
