/** What happens in chats beside what is said there. */
import { received, uniqueRecord } from '../store/fixtures.spec.js';

const customer = { id: 42, is_bot: false };
const privateChat = { id: 42, type: 'private' };
const group = { id: -100, type: 'supergroup' };
const date = 1_760_000_000;
const happenedAt = '2025-10-09T08:53:20.000Z';

const verdictOf = (kind: string, payload: object) =>
  received(uniqueRecord({ update_id: 1, [kind]: { date, ...payload } })).verdict;

const memberChange = (before: string, after: string, changes: object = {}) =>
  verdictOf('my_chat_member', {
    ...{ chat: privateChat, from: customer },
    ...{ old_chat_member: { status: before }, new_chat_member: { status: after }, ...changes },
  });

describe('the bot in a private chat', () => {
  it.each([
    ['member', 'kicked', 'bot-blocked'],
    ['kicked', 'member', 'bot-unblocked'],
  ])('that was %s and is %s: %s', (before, after, type) => {
    expect(memberChange(before, after)).toEqual({
      type: 'command',
      command: {
        ...{ type: 'record-happening', botId: '7', chatId: '42', happening: { type, customerId: '42' } },
        ...{ idempotencyKey: 'tg1:7:my_chat_member:42:-:1', happenedAt, occurredAt: '2026-01-01T00:00:00.000Z' },
      },
    });
  });

  it('that is as it was, or whose change cannot be read, says nothing', () => {
    const ignored = { type: 'ignored', reason: 'not-a-message' };
    expect(memberChange('kicked', 'kicked')).toEqual(ignored);
    expect(memberChange('left', 'member')).toEqual(ignored);
    expect(memberChange('member', 'kicked', { new_chat_member: 'kicked' })).toEqual(ignored);
    expect(memberChange('member', 'kicked', { date: -1 })).toEqual(ignored);
  });
});

it('the bot that leaves a group is no block', () => {
  expect(memberChange('member', 'kicked', { chat: group })).toEqual({ type: 'ignored', reason: 'not-a-message' });
});

describe('a member', () => {
  it('who leaves, or is removed, is seen by the note in the chat', () => {
    const note = { message_id: 9, chat: group, left_chat_member: customer };
    expect(verdictOf('message', { ...note, from: customer })).toMatchObject({
      command: { chatId: '-100', happening: { type: 'member-left', customerId: '42', wasRemoved: false }, happenedAt },
    });
    expect(verdictOf('message', { ...note, from: { id: 77 } })).toMatchObject({
      command: { happening: { type: 'member-left', customerId: '42', wasRemoved: true } },
    });
  });

  it('is not seen a second time by chat_member, which says the same', () => {
    const change = { old_chat_member: { status: 'member' }, new_chat_member: { user: customer, status: 'left' } };
    expect(verdictOf('chat_member', { chat: group, from: customer, ...change })).toEqual({
      ...{ type: 'ignored', reason: 'not-a-message' },
    });
  });
});

describe('a topic', () => {
  const inTopic = { message_id: 9, chat: group, from: customer, is_topic_message: true, message_thread_id: 3 };

  it('is closed and reopened', () => {
    expect(verdictOf('message', { ...inTopic, forum_topic_closed: {} })).toMatchObject({
      command: { chatId: '-100', happening: { type: 'topic-closed', topicId: '3' }, happenedAt },
    });
    expect(verdictOf('message', { ...inTopic, forum_topic_reopened: {} })).toMatchObject({
      command: { happening: { type: 'topic-reopened', topicId: '3' } },
    });
  });

  it('that is created, renamed, or none is as ever', () => {
    const ignored = { type: 'ignored', reason: 'service-message' };
    expect(verdictOf('message', { ...inTopic, forum_topic_created: {} })).toEqual(ignored);
    expect(verdictOf('message', { ...inTopic, forum_topic_edited: {} })).toEqual(ignored);
    expect(verdictOf('message', { ...inTopic, is_topic_message: false, forum_topic_closed: {} })).toEqual(ignored);
  });
});
