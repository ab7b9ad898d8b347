/** Whose message it is, a customer's or staff's, and which conversation it belongs to. */
import type { BotPolicyDocument } from '../policy/bot-policy.js';
import { received, uniqueRecord } from '../store/fixtures.spec.js';

const STAFF = { id: 77, is_bot: false, first_name: 'Bob', last_name: 'Bright', username: 'bob' };
const CUSTOMER = { id: 42, is_bot: false, first_name: 'Ada' };
const group = { id: -100, type: 'supergroup' };
const base = { message_id: 9, date: 1_760_000_000, chat: group, from: STAFF, text: 'It is on its way' };
const inTopic = { is_topic_message: true, message_thread_id: 3 };
const policy: Partial<BotPolicyDocument> = { staff: ['77', '78'] };

function commandOf(changes: object, given: Partial<BotPolicyDocument> = policy, kind = 'message') {
  const { verdict } = received(uniqueRecord({ update_id: 1, [kind]: { ...base, ...changes } }), given);
  if (verdict.type !== 'command' || !('conversation' in verdict.command))
    throw new Error(`no command but ${JSON.stringify(verdict)}`);
  return verdict.command;
}
const answering = (message: object, changes: object = {}) => ({
  reply_to_message: { message_id: 5, ...message },
  ...changes,
});

describe('staff', () => {
  it('in a group are those whom the policy names', () => {
    expect(commandOf({})).toMatchObject({
      ...{ type: 'record-staff-message', conversation: null, topicId: null, answers: null, isNote: false },
      sender: { id: '77', name: 'Bob Bright', username: 'bob' },
    });
    expect(commandOf({ from: CUSTOMER })).toMatchObject({
      type: 'record-customer-message',
      conversation: '7:-100/c42',
    });
    expect(commandOf({}, {}).type).toBe('record-customer-message');
  });

  it('is nobody in a private chat: who writes to the bot there wants something', () => {
    expect(commandOf({ chat: { id: 77, type: 'private' } })).toMatchObject({
      ...{ type: 'record-customer-message', conversation: '7:77' },
    });
  });

  it('in a business chat is everybody but the customer', () => {
    const chat = { chat: { id: 42, type: 'private' }, business_connection_id: 'bc1' };
    expect(commandOf(chat, {}, 'business_message')).toMatchObject({
      ...{ type: 'record-staff-message', conversation: '7:bbc1/42', chatId: 'bbc1/42' },
    });
    expect(commandOf({ ...chat, from: CUSTOMER }, {}, 'business_message').type).toBe('record-customer-message');
  });
});

describe('an answer of staff', () => {
  it('to a message of a customer is kept in order with that conversation', () => {
    expect(commandOf(answering({ from: CUSTOMER }))).toMatchObject({ answers: 5, conversation: '7:-100/c42' });
    expect(commandOf(answering({ from: CUSTOMER }, inTopic))).toMatchObject({
      topicId: '3',
      conversation: '7:-100/t3/c42',
    });
  });

  it('to colleagues, bots and chats names the message and no conversation', () => {
    for (const from of [{ id: 78 }, { id: 1, is_bot: true }]) {
      expect(commandOf(answering({ from }))).toMatchObject({ answers: 5, conversation: null });
    }
    expect(commandOf(answering({ from: CUSTOMER, sender_chat: { id: -5 } }))).toMatchObject({ conversation: null });
  });

  it('in a topic does not answer the note that the topic began, which Telegram says of every message there', () => {
    expect(commandOf(answering({ message_id: 3, from: CUSTOMER }, inTopic))).toMatchObject({
      ...{ answers: null, conversation: null },
    });
  });

  it('in a group without topics answers what it answers, also where that began the thread', () => {
    const thread = { message_thread_id: 5 };
    expect(commandOf(answering({ from: CUSTOMER }, thread))).toMatchObject({ answers: 5, conversation: '7:-100/c42' });
  });

  it('is read without what it answers when that cannot be read', () => {
    expect(commandOf({ reply_to_message: { message_id: 'five' } })).toMatchObject({ answers: null });
  });

  it('with the prefix is a note, which loses it', () => {
    expect(commandOf({ text: '// known customer' })).toMatchObject({ isNote: true, text: 'known customer' });
    expect(commandOf({ text: '# known' }, { ...policy, notePrefix: '#' })).toMatchObject({
      isNote: true,
      text: 'known',
    });
    expect(commandOf({ text: '// a path' }, { ...policy, notePrefix: null })).toMatchObject({
      ...{ isNote: false, text: '// a path' },
    });
  });
});

describe('with one ticket for each topic', () => {
  const shared: Partial<BotPolicyDocument> = { ...policy, groupTickets: 'topic' };

  it('all customers share a conversation, and staff answers in it', () => {
    for (const from of [CUSTOMER, { ...CUSTOMER, id: 43 }, STAFF]) {
      expect(commandOf({ ...inTopic, from }, shared).conversation).toBe('7:-100/t3');
      expect(commandOf({ from }, shared).conversation).toBe('7:-100/general');
    }
  });

  it('a group may be set otherwise than its bot, and private chats are as ever', () => {
    const byChat = { ...shared, groupTicketsByChat: { '-100': 'customer' as const } };
    expect(commandOf({ from: CUSTOMER }, byChat).conversation).toBe('7:-100/c42');
    expect(commandOf({ from: CUSTOMER, chat: { id: 42, type: 'private' } }, shared).conversation).toBe('7:42');
  });
});

describe('in the direct messages of a channel', () => {
  const direct = { direct_messages_topic: { topic_id: 42 } };
  const channel = {
    sender_chat: { id: -900, title: 'News', username: 'news' },
    from: { id: 136_817_688, is_bot: true },
  };

  it('each customer has a conversation, which is the topic', () => {
    expect(commandOf({ ...direct, from: CUSTOMER })).toMatchObject({
      ...{ type: 'record-customer-message', conversation: '7:-100/d42', topicId: '42' },
      sender: { id: '42' },
    });
    const other = { direct_messages_topic: { topic_id: 43 }, from: { id: 43 } };
    expect(commandOf(other)).toMatchObject({ conversation: '7:-100/d43' });
  });

  it('a customer who is staff elsewhere is a customer there', () => {
    expect(commandOf({ direct_messages_topic: { topic_id: 77 } }).type).toBe('record-customer-message');
  });

  it('everybody else answers for the channel, also in its name', () => {
    expect(commandOf({ ...direct, from: { id: 99 } }, {})).toMatchObject({
      ...{ type: 'record-staff-message', conversation: '7:-100/d42', topicId: '42', sender: { id: '99' } },
    });
    expect(commandOf({ ...direct, ...channel }, {})).toMatchObject({
      ...{ type: 'record-staff-message', conversation: '7:-100/d42' },
      sender: { id: '-900', name: 'News', username: 'news' },
    });
  });

  it('is no matter of groups, nor of what the policy says of them', () => {
    const shared = { ...policy, groupTickets: 'topic' as const };
    expect(commandOf({ ...direct, from: CUSTOMER }, shared).conversation).toBe('7:-100/d42');
    expect(commandOf({ direct_messages_topic: 'x', from: CUSTOMER }).conversation).toBe('7:-100/c42');
  });
});
