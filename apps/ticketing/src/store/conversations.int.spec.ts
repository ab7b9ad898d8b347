/** What belongs together is one ticket, what does not is none: by the place in Telegram where it was written. */
import { messageFrom, settling, traced, uniqueRecord, withOwnStore, type TestStore } from './fixtures.spec.js';
import { settleUpdates } from './settle-updates.js';
import type { TracedUpdate } from './traced-update.js';

let store: TestStore;
withOwnStore((own) => (store = own));

const settle = async (...updates: readonly TracedUpdate[]) =>
  (await settleUpdates(updates, settling(store.withSession))).map(({ outcome, reason }) => reason ?? outcome);
const tickets = () =>
  store.ask<{ conversation: string; topic: string | null; messages: number }>(
    `select conversation, topic_id as topic, message_count as messages from ticketing.tickets order by opened_at, conversation`,
  );

it('each topic of a private chat is a conversation, the chat itself is one, and a thread of answers is none', async () => {
  const writes = (text: string, changes: object = {}) => traced(uniqueRecord(messageFrom(42, text, changes)));
  const topic = (id: number) => ({ is_topic_message: true, message_thread_id: id });
  const outcomes = await settle(
    writes('lost'),
    writes('broken', topic(3)),
    writes('still broken', topic(3)),
    writes('late', topic(4)),
    writes('still lost', { message_thread_id: 1 }),
  );
  expect(outcomes).toEqual([
    ...['ticket-opened', 'ticket-opened', 'message-appended'],
    ...['ticket-opened', 'message-appended'],
  ]);
  expect(await tickets()).toEqual([
    { conversation: '7:42', topic: null, messages: 2 },
    { conversation: '7:42/t3', topic: '3', messages: 2 },
    { conversation: '7:42/t4', topic: '4', messages: 1 },
  ]);
});

it('each customer in the direct messages of a channel has one, which the channel answers; its posts are no questions', async () => {
  const chat = { id: -100, type: 'supergroup', is_direct_messages: true };
  const inTopic = (topic: number, text: string, changes: object = {}) =>
    traced(
      uniqueRecord(messageFrom(topic, text, { chat, direct_messages_topic: { topic_id: topic }, ...changes }), {
        key: '7:-100',
      }),
    );
  const { message: post } = messageFrom(1, 'news', { chat: { id: -900, type: 'channel' }, from: undefined });
  const outcomes = await settle(
    inTopic(42, 'lost'),
    inTopic(43, 'broken'),
    inTopic(42, 'on its way', { sender_chat: { id: -900, title: 'News' } }),
    inTopic(42, 'thank you'),
    traced(uniqueRecord({ update_id: 500_001, channel_post: { ...post, sender_chat: post.chat } }, { key: '7:-900' })),
  );
  expect(outcomes).toEqual([
    ...['ticket-opened', 'ticket-opened', 'staff-replied', 'message-appended'],
    'channel-post',
  ]);
  expect(await tickets()).toEqual([
    { conversation: '7:-100/d42', topic: '42', messages: 2 },
    { conversation: '7:-100/d43', topic: '43', messages: 1 },
  ]);
});
