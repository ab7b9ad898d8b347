import type { Attachment } from '@onceline/contracts';
import fc from 'fast-check';
import type { EventOf } from './events.js';
import { readsLike, recorded, withDeletion, withEdit } from './message.js';

const envelope = { ticketId: 't_1', occurredAt: '2026-01-01T10:00:01.000Z', idempotencyKey: 'k' };
const place = { botId: '7', chatId: '42', messageId: 1 };

const appended: EventOf<'message-appended'> = {
  ...envelope,
  type: 'message-appended',
  schemaVersion: 2,
  eventId: 't_1.2',
  version: 2,
  data: {
    ...place,
    sender: null,
    sentAt: '2026-01-01T10:00:00.000Z',
    text: 'lost',
    attachments: [],
    mediaGroupId: null,
    editedAt: null,
  },
};

function edited(text: string, second: number): EventOf<'message-edited'> {
  const editedAt = new Date(Date.UTC(2026, 0, 1, 11, 0, second)).toISOString();
  const data = { ...place, editedAt, text, attachments: [] };
  return { ...envelope, type: 'message-edited', schemaVersion: 1, eventId: 't_1.3', version: 3, data };
}

const file = (fileId: string, fileUniqueId: string | null): Attachment => ({
  ...{ type: 'photo', fileId, fileUniqueId },
  ...{ fileName: null, mimeType: null, fileSize: null },
});

it('a message reads as its last edit says', () => {
  const message = withEdit(withEdit(recorded(appended), edited('found', 1)), edited('lost again', 2));
  expect(message).toMatchObject({ text: 'lost again', editedAt: '2026-01-01T11:00:02.000Z', editCount: 2, version: 2 });
});

it('an edit that comes late counts, and does not change what a later one says', () => {
  const message = withEdit(withEdit(recorded(appended), edited('newest', 2)), edited('older', 1));
  expect(message).toMatchObject({ text: 'newest', editedAt: '2026-01-01T11:00:02.000Z', editCount: 2 });
});

it('of edits within one second the one that came last counts', () => {
  expect(withEdit(withEdit(recorded(appended), edited('a', 1)), edited('b', 1)).text).toBe('b');
});

it('reads alike when words and files are the same, whatever id a file goes by', () => {
  const message = { ...recorded(appended), attachments: [file('a', 'u')] };
  expect(readsLike(message, { text: 'lost', attachments: [file('b', 'u')] })).toBe(true);
  expect(readsLike(message, { text: 'lost', attachments: [file('a', 'v')] })).toBe(false);
  expect(readsLike(message, { text: 'found', attachments: [file('a', 'u')] })).toBe(false);
  expect(readsLike(message, { text: 'lost', attachments: [] })).toBe(false);
});

it('in whatever order edits come, the message reads as the latest of them', () => {
  const edits = fc.uniqueArray(fc.nat({ max: 59 }), { minLength: 1 });
  fc.assert(
    fc.property(edits, (seconds) => {
      const message = seconds.reduce(
        (now, second) => withEdit(now, edited(`at ${second}`, second)),
        recorded(appended),
      );
      expect(message).toMatchObject({ text: `at ${Math.max(...seconds)}`, editCount: seconds.length });
    }),
  );
});

it('a message that an edit has brought is not turned back by an older one', () => {
  const brought = { ...appended, data: { ...appended.data, text: 'newest', editedAt: '2026-01-01T11:00:09.000Z' } };
  expect(withEdit(recorded(brought), edited('older', 1))).toMatchObject({ text: 'newest', editCount: 1 });
});

describe('a message that was deleted', () => {
  const deleted = (occurredAt: string): EventOf<'message-deleted'> => ({
    ...{ ...envelope, occurredAt, type: 'message-deleted', schemaVersion: 1, eventId: 't_1.3', version: 3 },
    data: place,
  });

  it('says so, and says what it said', () => {
    const message = withDeletion(recorded(appended), deleted('2026-01-01T12:00:00.000Z'));
    expect(message).toEqual({ ...recorded(appended), deletedAt: '2026-01-01T12:00:00.000Z' });
  });

  it('stays deleted, whatever comes afterwards', () => {
    const first = withDeletion(recorded(appended), deleted('2026-01-01T12:00:00.000Z'));
    expect(withDeletion(first, deleted('2026-01-01T13:00:00.000Z'))).toEqual(first);
    expect(withEdit(first, edited('found', 1))).toMatchObject({ text: 'found', deletedAt: first.deletedAt });
  });
});
