/** What happens around conversations is in the tickets that it concerns, and changes nothing else in them. */
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

let updateId = 700_000;
const GROUP = { id: -100, type: 'supergroup' };
const inTopic = (id: number) => ({ is_topic_message: true, message_thread_id: id });

const update = (kind: string, payload: object, key: string): TracedUpdate =>
  traced(uniqueRecord({ update_id: (updateId += 1), [kind]: payload }, { key }));
const writes = (user: number, changes: object = {}) =>
  traced(uniqueRecord(messageFrom(user, 'lost', changes), { key: `7:${user}` }));
const writesInGroup = (user: number, changes: object = {}) => writes(user, { chat: GROUP, ...changes });
const service = (changes: object) => {
  const { message } = messageFrom(42, '', { chat: GROUP, text: undefined, ...changes });
  return update('message', message, '7:-100');
};
const changesMember = (user: number, before: string, after: string) => {
  const change = { old_chat_member: { status: before }, new_chat_member: { status: after } };
  const chat = { id: user, type: 'private' };
  return update('my_chat_member', { date: 1_760_000_000, chat, from: { id: user }, ...change }, `7:${user}`);
};
const blocks = (user: number) => changesMember(user, 'member', 'kicked');
const unblocks = (user: number) => changesMember(user, 'kicked', 'member');

const settle = async (updates: readonly TracedUpdate[], withSession: WithSession = store.withSession) =>
  (await settleUpdates(updates, settling(withSession))).map(({ outcome, reason }) => reason ?? outcome);
const happenings = () =>
  store.ask<{ type: string; conversation: string }>(
    `select e.type, t.conversation from ticketing.events e join ticketing.tickets t using (ticket_id)
       where e.type not in ('ticket-opened', 'message-appended') order by t.conversation, e.version`,
  );
const end = () => store.ask(`update ticketing.tickets set status = 'closed'`);

it('a customer who blocks the bot and lets it write again opens no ticket, and moves none in the queue', async () => {
  await settle([writes(42), writes(43)]);
  const place = `select ticket_id, status, waiting_since, updated_at, message_count from ticketing.tickets order by ticket_id`;
  const before = await store.ask(place);
  const toggles = Array.from({ length: 30 }, () => [blocks(42), unblocks(42)]).flat();
  expect(new Set(await settle(toggles))).toEqual(new Set(['event-recorded']));
  expect(await store.ask(place)).toEqual(before);
  const found = await happenings();
  expect(found).toHaveLength(60);
  expect(found.slice(0, 2)).toEqual([
    { type: 'bot-blocked', conversation: '7:42' },
    { type: 'bot-unblocked', conversation: '7:42' },
  ]);
});

it('a block is in every active ticket of the chat, in none that has ended, and is ignored where there is none', async () => {
  expect(await settle([blocks(42)])).toEqual(['not-a-message']);
  await settle([writes(42)]);
  await end();
  expect(await settle([blocks(42)])).toEqual(['not-a-message']);
  await settle([writes(42, inTopic(3)), writes(42, inTopic(4)), blocks(42)]);
  expect(await happenings()).toEqual([
    { type: 'bot-blocked', conversation: '7:42/t3' },
    { type: 'bot-blocked', conversation: '7:42/t4' },
  ]);
  expect(await store.ask(`select status from ticketing.tickets where conversation = '7:42'`)).toEqual([
    { status: 'closed' },
  ]);
});

it('who leaves a group leaves his own tickets there, in all topics, once', async () => {
  await settle([writesInGroup(42), writesInGroup(42, inTopic(3)), writesInGroup(43), writes(42)]);
  const change = { old_chat_member: { status: 'member' }, new_chat_member: { user: { id: 42 }, status: 'left' } };
  const outcomes = await settle([
    service({ left_chat_member: { id: 42 } }),
    update('chat_member', { date: 1_760_000_000, chat: GROUP, from: { id: 42 }, ...change }, '7:-100'),
    service({ left_chat_member: { id: 44 } }),
  ]);
  expect(outcomes).toEqual(['event-recorded', 'not-a-message', 'service-message']);
  expect(await happenings()).toEqual([
    { type: 'member-left', conversation: '7:-100/c42' },
    { type: 'member-left', conversation: '7:-100/t3/c42' },
  ]);
});

it('a topic that is closed and reopened says so in all its active tickets, and in no other', async () => {
  await settle([
    ...[writesInGroup(42, inTopic(3)), writesInGroup(43, inTopic(3))],
    ...[writesInGroup(42, inTopic(4)), writesInGroup(42)],
  ]);
  const [closed, reopened] = [{ forum_topic_closed: {} }, { forum_topic_reopened: {} }];
  await settle([service({ ...inTopic(3), ...closed })]);
  expect(await settle([service({ ...inTopic(3), ...reopened }), service({ ...inTopic(5), ...closed })])).toEqual([
    ...['event-recorded', 'service-message'],
  ]);
  expect(await happenings()).toEqual([
    { type: 'topic-closed', conversation: '7:-100/t3/c42' },
    { type: 'topic-reopened', conversation: '7:-100/t3/c42' },
    { type: 'topic-closed', conversation: '7:-100/t3/c43' },
    { type: 'topic-reopened', conversation: '7:-100/t3/c43' },
  ]);
});

it('who left is not the one whom staff answers next', async () => {
  await settle([writesInGroup(42), writesInGroup(43)]);
  await store.ask(
    `update ticketing.tickets set updated_at = updated_at + interval '1 minute' where customer_id = '43'`,
  );
  await settle([service({ left_chat_member: { id: 42 } })]);
  const { message } = messageFrom(77, 'it is here', { chat: GROUP });
  const answer = traced(uniqueRecord({ update_id: (updateId += 1), message }, { key: '7:-100' }), { staff: ['77'] });
  await settle([answer]);
  expect((await happenings()).filter(({ type }) => type === 'staff-replied')).toEqual([
    { type: 'staff-replied', conversation: '7:-100/c43' },
  ]);
});

it('amid messages of another instance nothing is lost, and a rebuild gives the same', async () => {
  await settle([writes(42)]);
  const [one, other] = meetingAfterTheRead(store.withSession, 2);
  const outcomes = await Promise.all([settle([blocks(42)], one), settle([writes(42)], other)]);
  expect(outcomes.flat()).toEqual(['event-recorded', 'message-appended']);
  const before = await readModelChecksum(store.withSession);
  await rebuildReadModels(store.withSession);
  expect(await readModelChecksum(store.withSession)).toBe(before);
});
