/** What was given up before its conversation had a ticket is shown by the ticket that opens later. */
import { messageFrom, traced, uniqueRecord, type TestStore } from '../store/fixtures.spec.js';
import { withOwnWorlds, type World } from './world.spec.js';

let store: TestStore;
let world: World;
withOwnWorlds((own) => ({ store, world } = own));

const history = async () =>
  (
    await store.ask<{ type: string; key: string }>(
      'select type, idempotency_key as key from ticketing.events order by ticket_id, version',
    )
  ).map(({ type, key }) => `${type} ${key}`);
const remembered = () => store.ask('select idempotency_key from ticketing.unmarked_gaps');
const keyOf = (update: { readonly idempotencyKey: string } | undefined) => update?.idempotencyKey ?? '';

it('the first one has had its tries, and what waited behind it opens the ticket', async () => {
  const [first, second, third] = world.writeAll([1, 1, 1]).map(keyOf);
  await world.fail(first ?? '', 'transient');
  await world.settle(world.log);
  await world.deliverAll();
  expect(await history()).toEqual([
    `ticket-opened ${second}`,
    `message-appended ${second}`,
    `message-appended ${third}`,
    `update-missing ${first}`,
  ]);
  expect(await remembered()).toEqual([]);
});

it.each([1, 3])(
  'the first ones are given up at once, %i at a time, and the next one opens the ticket',
  async (size) => {
    const updates = world.writeAll([1, 1, 1, 2]);
    const [first, second, third] = updates.map(keyOf);
    for (const key of [first, second]) await world.fail(key ?? '', 'permanent');
    for (let start = 0; start < 3; start += size) await world.settle(updates.slice(start, Math.min(3, start + size)));
    await world.settle(updates.slice(3));
    expect((await history()).filter((line) => !line.endsWith(keyOf(updates[3])))).toEqual([
      `ticket-opened ${third}`,
      `message-appended ${third}`,
      `update-missing ${first}`,
      `update-missing ${second}`,
    ]);
    expect(await remembered()).toEqual([]);
    const [ticket] = await store.ask<{ fits: boolean }>(
      'select updated_at >= opened_at as fits from ticketing.tickets',
    );
    expect(ticket).toEqual({ fits: true });
  },
);

it('brought back before, it is not missing: it opens the ticket itself', async () => {
  const [dead, other] = world.writeAll([1, 1]);
  await world.fail(keyOf(dead), 'permanent');
  await world.fail(keyOf(other), 'permanent');
  await world.settle(world.log);
  expect(await remembered()).toHaveLength(2);
  await world.heal(keyOf(dead));
  const [letter] = await world.deadLetters();
  if (!letter) throw new Error('no dead letter');
  await world.settle([world.redriven(letter, 'r1')]);
  expect(await history()).toEqual([
    `ticket-opened ${keyOf(dead)}`,
    `message-appended ${keyOf(dead)}`,
    `update-missing ${keyOf(other)}`,
  ]);
  expect(await remembered()).toEqual([]);
});

it('on its way back behind another one, it is not missing either', async () => {
  const [dead, head] = world.writeAll([1, 1]);
  await world.fail(keyOf(dead), 'permanent');
  await world.fail(keyOf(head), 'transient', 1);
  await world.settle(world.log);
  await world.heal(keyOf(dead));
  const [letter] = await world.deadLetters();
  if (!letter) throw new Error('no dead letter');
  await world.settle([world.redriven(letter, 'r1')]);
  await world.deliverAll();
  expect(await history()).toEqual([
    `ticket-opened ${keyOf(head)}`,
    `message-appended ${keyOf(head)}`,
    `message-appended ${keyOf(dead)}`,
  ]);
  expect(await remembered()).toEqual([]);
});

it('given up once more when the ticket is open: the ticket shows it, though no message follows', async () => {
  const [dead, head] = world.writeAll([1, 1]);
  await world.fail(keyOf(dead), 'permanent');
  await world.fail(keyOf(head), 'transient', 1);
  await world.settle(world.log);
  await world.heal(keyOf(dead));
  await world.fail(keyOf(dead), 'transient');
  const [letter] = await world.deadLetters();
  if (!letter) throw new Error('no dead letter');
  await world.settle([world.redriven(letter, 'r1')]);
  await world.deliverAll();
  expect(await history()).toEqual([
    `ticket-opened ${keyOf(head)}`,
    `message-appended ${keyOf(head)}`,
    `update-missing ${keyOf(dead)}`,
  ]);
  expect(await remembered()).toEqual([]);
});

it('in a group it belongs to its customer, and what belongs to nobody is not remembered', async () => {
  const inGroup = (changes: object) =>
    traced(
      uniqueRecord(messageFrom(5, 'text', { chat: { id: -100, type: 'supergroup' }, ...changes }), { key: '7:-100' }),
    );
  const [dead, unreadable, next] = [inGroup({}), inGroup({ date: 'yesterday' }), inGroup({})];
  await world.fail(keyOf(dead), 'permanent');
  await world.settle([dead, unreadable].flatMap((update) => update ?? []));
  expect(await remembered()).toEqual([{ idempotency_key: keyOf(dead) }]);
  await world.settle(next ? [next] : []);
  expect((await history()).slice(2)).toEqual([`update-missing ${keyOf(dead)}`]);
});
