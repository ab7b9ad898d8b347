import { received, uniqueRecord } from '../store/fixtures.spec.js';

const verdictOf = (message: object, kind = 'message') =>
  received(uniqueRecord({ update_id: 1, [kind]: { message_id: 1, date: 1_760_000_000, ...message } })).verdict;
const group = { id: -3, type: 'group' };
const supergroup = { id: -1003, type: 'supergroup' };

it('a group that becomes a supergroup is told of in both chats, which say the same', () => {
  const ids = { type: 'record-chat-migration', botId: '7', chatId: '-1003', fromChatId: '-3' };
  expect(verdictOf({ chat: supergroup, migrate_from_chat_id: -3 })).toMatchObject({ type: 'command', command: ids });
  expect(verdictOf({ chat: group, migrate_to_chat_id: -1003 })).toMatchObject({ type: 'command', command: ids });
});

it('any other note is as ever', () => {
  const ignored = { type: 'ignored', reason: 'service-message' };
  expect(verdictOf({ chat: supergroup, migrate_from_chat_id: -1003 })).toEqual(ignored);
  expect(verdictOf({ chat: supergroup, migrate_from_chat_id: 'elsewhere' })).toEqual(ignored);
  expect(verdictOf({ chat: supergroup, new_chat_title: 'Support' })).toEqual(ignored);
});
