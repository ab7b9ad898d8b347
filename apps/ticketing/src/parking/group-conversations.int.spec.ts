/** In a group each customer has a conversation; a message that cannot be settled fails in its own one. */
import {
  messageFrom,
  messageIdOf,
  refuseMessage,
  testRules,
  type TestStore,
  traced,
  uniqueRecord,
} from '../store/fixtures.spec.js';
import { settleBatchOn, type SettleBatch } from '../store/settle-batch.js';
import { settleUpdates } from '../store/settle-updates.js';
import { withOwnWorlds, type World } from './world.spec.js';

let store: TestStore;
let world: World;
withOwnWorlds((own) => ({ store, world } = own));

const inGroup = (text: string) => {
  const update = messageFrom(5, text, { chat: { id: -100, type: 'supergroup' } });
  const { headers, ...record } = uniqueRecord(update, { key: '7:-100' });
  return traced({ ...record, headers: { ...headers, 'idempotency-key': text } });
};
const events = () =>
  store.ask<{ key: string; type: string }>(
    'select idempotency_key as key, type from ticketing.events order by global_id',
  );

it('given up after conflicts: what the same customer writes next waits behind it', async () => {
  const real = settleBatchOn(store.withSession, testRules());
  const conflict = Object.assign(new Error('conflict'), { code: '40001' });
  // Others keep getting in the way of the first message, but not of parking it.
  const settle: SettleBatch = (updates, options) => {
    const isMet = updates.some(
      ({ idempotencyKey, verdict }) => idempotencyKey === 'first' && verdict.type === 'command',
    );
    return isMet && updates.every(({ delivery }) => delivery.type === 'first')
      ? Promise.reject(conflict)
      : real(updates, options);
  };
  await settleUpdates([inGroup('first'), inGroup('second')], settle);
  expect(await store.ask('select conversation, head_key, followers from ticketing.parked_conversations')).toEqual([
    { conversation: '7:-100/c5', head_key: 'first', followers: 1 },
  ]);
  await world.deliverAll();
  expect(await events()).toEqual([
    { key: 'first', type: 'ticket-opened' },
    { key: 'first', type: 'message-appended' },
    { key: 'second', type: 'message-appended' },
  ]);
});

it('refused by the database: the ticket of that customer shows the gap', async () => {
  const poison = inGroup('poison');
  await refuseMessage(store, messageIdOf(poison));
  await world.settle([inGroup('one')]);
  await world.settle([poison]);
  expect((await events()).slice(2)).toEqual([{ key: 'poison', type: 'update-missing' }]);
  const [entry] = await store.ask<{ outcome: string; ticket: string | null }>(
    `select outcome, ticket_id as ticket from ticketing.ledger where idempotency_key = 'poison'`,
  );
  expect(entry).toEqual({ outcome: 'dead-lettered', ticket: expect.stringMatching(/^t_/) });
});
