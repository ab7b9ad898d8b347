import type { TelegramMessage } from '@onceline/contracts';
import fc from 'fast-check';
import { attachmentsOf } from './attachments.js';

const messageWith = (fields: object): TelegramMessage => ({
  message_id: 1,
  date: 1,
  chat: { id: 1, type: 'private' },
  ...fields,
});
const none = { fileId: null, fileUniqueId: null, fileName: null, mimeType: null, fileSize: null };

it('of a photo the largest size is taken', () => {
  const sizes = [90, 800].map((size) => ({ file_id: `f${size}`, file_unique_id: `u${size}`, file_size: size }));
  expect(attachmentsOf(messageWith({ photo: sizes }))).toEqual([
    { ...none, type: 'photo', fileId: 'f800', fileUniqueId: 'u800', fileSize: 800 },
  ]);
});

it('a document comes with its name and type', () => {
  const document = { file_id: 'f', file_unique_id: 'u', file_name: 'bill.pdf', mime_type: 'application/pdf' };
  expect(attachmentsOf(messageWith({ document }))).toEqual([
    { ...none, type: 'document', fileId: 'f', fileUniqueId: 'u', fileName: 'bill.pdf', mimeType: 'application/pdf' },
  ]);
});

it('what Telegram sends twice for older readers is there once', () => {
  const file = { file_id: 'f', file_unique_id: 'u' };
  const types = (fields: object) => attachmentsOf(messageWith(fields)).map(({ type }) => type);
  expect(types({ animation: file, document: file })).toEqual(['animation']);
  expect(types({ venue: { title: 'Here' }, location: {} })).toEqual(['venue']);
});

it('what has no file is there by its name, and media of a kind that is newer than this list by its file', () => {
  expect(attachmentsOf(messageWith({ contact: {}, hologram: { file_id: 'h' } }))).toEqual([
    { ...none, type: 'contact' },
    { ...none, type: 'hologram', fileId: 'h' },
  ]);
});

it('words, and files of the message that is answered, are none', () => {
  const answered = { reply_to_message: { document: { file_id: 'f' } } };
  expect(attachmentsOf(messageWith({ text: 'Hello', ...answered }))).toEqual([]);
});

it('takes any fields, and gives back only what the contract and PostgreSQL can hold', () => {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.record({ file_id: fc.string({ unit: 'binary' }), file_size: fc.anything() }),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), value), (fields) => {
      for (const { fileId, fileSize, type } of attachmentsOf(messageWith(fields))) {
        for (const text of [type, fileId ?? ''])
          expect([text.isWellFormed(), text.includes('\u0000')]).toEqual([true, false]);
        expect(fileSize === null || fileSize >= 0).toBe(true);
      }
    }),
  );
});
