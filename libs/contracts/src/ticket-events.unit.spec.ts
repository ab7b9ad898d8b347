import { readTicketEvent } from './ticket-events.js';

const envelope = {
  eventId: 't_1.2',
  ticketId: 't_1',
  version: 2,
  occurredAt: '2026-01-01T10:00:01.000Z',
  idempotencyKey: 'tg1:7:message:42:1:100',
};
const said = { botId: '7', chatId: '42', messageId: 1, sentAt: '2026-01-01T10:00:00.000Z', text: 'My parcel is lost' };

describe('an event of an older version', () => {
  it('is lifted to the shape of today, and keeps what it says', () => {
    const stored = { ...envelope, type: 'message-appended', schemaVersion: 1, data: said };
    expect(readTicketEvent(stored)).toEqual({
      ...envelope,
      type: 'message-appended',
      schemaVersion: 2,
      data: { ...said, sender: null, attachments: [], mediaGroupId: null, editedAt: null },
    });
  });
});

it('a ticket of an older version knows its topic by its conversation', () => {
  const opened = (conversation: string) => {
    const data = { botId: '7', chatId: '-100', conversation, customerId: '42' };
    return readTicketEvent({ ...envelope, type: 'ticket-opened', schemaVersion: 1, data }).data;
  };
  expect(opened('7:-100/t3/c42')).toMatchObject({ topicId: '3', previousTicketId: null });
  expect(opened('7:-100/c42')).toMatchObject({ topicId: null });
});

describe('an event of this version', () => {
  it('is read as it is, with fields that a later version may have added', () => {
    const sender = { id: '42', name: 'Ada', username: null };
    const data = { ...said, sender, attachments: [], mediaGroupId: 'album', editedAt: null, mood: 'angry' };
    const event = { ...envelope, type: 'message-appended', schemaVersion: 2, data };
    expect(readTicketEvent(event)).toEqual(event);
  });
});

it.each([
  ['of a version that is not written yet', { ...envelope, type: 'message-appended', schemaVersion: 3, data: said }],
  ['of no known type', { ...envelope, type: 'message-sung', schemaVersion: 1, data: said }],
  ['without its data', { ...envelope, type: 'message-appended', schemaVersion: 1 }],
  ['that is none at all', 'message-appended'],
])('an event %s is refused', (_what, json) => {
  expect(() => readTicketEvent(json)).toThrow();
});
