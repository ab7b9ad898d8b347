/** Messages that were deleted in Telegram are marked, and what they said stays. */
import {
  meetingAfterTheRead,
  messageFrom,
  settling,
  traced,
  uniqueRecord,
  withOwnStore,
  type TestStore,
} from './fixtures.spec.js';
import { readModelChecksum, rebuildReadModels } from './rebuild-read-models.js';
import type { WithSession } from './session.js';
import { settleUpdates } from './settle-updates.js';
import type { TracedUpdate } from './traced-update.js';

let store: TestStore;
withOwnStore((own) => (store = own));

const CUSTOMER = 42;
const OWNER = 77;
const CHAT = { business_connection_id: 'bc1', chat: { id: CUSTOMER, type: 'private' } };
let updateId = 800_000;

const settle = async (updates: readonly TracedUpdate[], withSession: WithSession = store.withSession) =>
  (await settleUpdates(updates, settling(withSession))).map(({ outcome, reason }) => reason ?? outcome);

function writes(text: string, from = CUSTOMER) {
  const { message } = messageFrom(CUSTOMER, text, { ...CHAT, from: { id: from } });
  const record = uniqueRecord({ update_id: (updateId += 1), business_message: message }, { key: '7:bbc1/42' });
  return { ...traced(record), messageId: message.message_id };
}

function deletes(...messageIds: number[]): TracedUpdate {
  const payload = { ...CHAT, message_ids: messageIds };
  return traced(uniqueRecord({ update_id: (updateId += 1), deleted_business_messages: payload }, { key: '7:bbc1/42' }));
}

const messages = async () =>
  (await store.messages()).map(({ text, deletedAt }) => ({ text, deleted: deletedAt !== null }));
const deletions = () =>
  store.ask<{ id: number }>(
    `select (payload #>> '{data,messageId}')::int as id from ticketing.events where type = 'message-deleted' order by version`,
  );

it('those that a ticket holds are marked, in their order, and others are left out', async () => {
  const [one, two, three] = [writes('one'), writes('two', OWNER), writes('three')];
  await settle([one, two, three]);
  expect(await settle([deletes(three.messageId, 999_999_999, one.messageId)])).toEqual(['event-recorded']);
  expect(await messages()).toEqual([
    { text: 'one', deleted: true },
    { text: 'two', deleted: false },
    { text: 'three', deleted: true },
  ]);
  expect(await deletions()).toEqual([{ id: one.messageId }, { id: three.messageId }]);
  const [ticket] = await store.ask('select status, message_count from ticketing.tickets');
  expect(ticket).toEqual({ status: 'open', message_count: 2 });
});

it('an answer of the owner too, and all in the batch of the messages', async () => {
  const [one, two] = [writes('one'), writes('two', OWNER)];
  expect(await settle([one, two, deletes(one.messageId, two.messageId)])).toEqual([
    ...['ticket-opened', 'staff-replied', 'event-recorded'],
  ]);
  expect((await messages()).map(({ deleted }) => deleted)).toEqual([true, true]);
});

it('in a ticket that has ended too, which stays ended', async () => {
  const one = writes('one');
  await settle([one]);
  await store.ask(`update ticketing.tickets set status = 'closed'`);
  expect(await settle([deletes(one.messageId)])).toEqual(['event-recorded']);
  expect(await messages()).toEqual([{ text: 'one', deleted: true }]);
  expect(await store.ask('select status from ticketing.tickets')).toEqual([{ status: 'closed' }]);
});

it('what no ticket holds is ignored, and so is what was deleted before', async () => {
  const one = writes('one');
  await settle([one]);
  expect(await settle([deletes(999_999_999), deletes(one.messageId), deletes(one.messageId)])).toEqual([
    ...['not-a-message', 'event-recorded', 'not-a-message'],
  ]);
});

it('one that two instances hear of at one moment, under two ids, is one', async () => {
  const one = writes('one');
  await settle([one]);
  const instances = meetingAfterTheRead(store.withSession, 2);
  const outcomes = await Promise.all(instances.map((instance) => settle([deletes(one.messageId)], instance)));
  expect(outcomes.flat().sort()).toEqual(['event-recorded', 'not-a-message']);
  expect(await deletions()).toHaveLength(1);
});

it('is there again after a rebuild from the events, also behind an edit', async () => {
  const one = writes('one');
  await settle([one, writes('two')]);
  await settle([deletes(one.messageId)]);
  const payload = {
    ...CHAT,
    message_id: one.messageId,
    date: 1,
    edit_date: 2,
    from: { id: CUSTOMER },
    text: 'changed',
  };
  await settle([traced(uniqueRecord({ update_id: (updateId += 1), edited_business_message: payload }))]);
  const before = await readModelChecksum(store.withSession);
  await rebuildReadModels(store.withSession);
  expect(await readModelChecksum(store.withSession)).toBe(before);
  expect(await messages()).toEqual([
    { text: 'changed', deleted: true },
    { text: 'two', deleted: false },
  ]);
});
