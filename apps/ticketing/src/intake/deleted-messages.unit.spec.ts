import fc from 'fast-check';
import { received, uniqueRecord } from '../store/fixtures.spec.js';
import { deletedMessageIds } from './deleted-messages.js';

it('names messages in their order, each once', () => {
  const ids = fc.array(fc.integer({ min: 1, max: 50 }));
  fc.assert(
    fc.property(ids, (given) => {
      const found = deletedMessageIds({ message_ids: given });
      expect(new Set(found)).toEqual(new Set(given));
      expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
    }),
  );
});

it.each([{}, { message_ids: 'all' }, { message_ids: [1, 'two'] }, { message_ids: [1.5] }])(
  'names none where it cannot be read: %j',
  (payload) => {
    expect(deletedMessageIds(payload)).toEqual([]);
  },
);

it('is kept in order with the business chat in which the messages were', () => {
  const payload = { business_connection_id: 'bc1', chat: { id: 42, type: 'private' }, message_ids: [2, 1] };
  const record = uniqueRecord({ update_id: 1, deleted_business_messages: payload }, { key: '7:bbc1/42' });
  expect(received(record)).toMatchObject({
    scope: '7:bbc1/42',
    verdict: { command: { type: 'record-message-deletions', botId: '7', chatId: 'bbc1/42', messageIds: [1, 2] } },
  });
});
