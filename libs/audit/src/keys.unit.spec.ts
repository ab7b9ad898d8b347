import { HEADERS, isBotId } from '@onceline/contracts';
import fc from 'fast-check';
import { messageUpdate } from '@onceline/testing';
import { keyOf, nameOf, namesBot } from './keys.js';

test('the checker and the services call the same texts a bot id', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 24 }),
    fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 24 }),
    fc.string({ unit: fc.constantFrom(...'0123456789aZ_-. \n\u0661'), maxLength: 24 }),
  );
  fc.assert(
    fc.property(texts, (text) => expect([text, namesBot(text)]).toEqual([text, isBotId(text)])),
    { numRuns: 2000 },
  );
});

const value = messageUpdate({ updateId: 7, chatId: 5 });
const key = 'tg1:1000001:message:5:7:7';
const headers = { [HEADERS.botId]: '1000001', [HEADERS.idempotencyKey]: 'what the service says' };

test('a key comes from the bytes, and a bot that is none gives no key', () => {
  expect(keyOf({ headers, value })).toBe(key);
  expect(keyOf({ headers: { ...headers, [HEADERS.botId]: 'bot_1' }, value })).toBeNull();
  expect(keyOf({ headers, value: null })).toBeNull();
});

test('the header counts where bytes say nothing, and where an operator may have corrected them', () => {
  expect(nameOf({ headers, value })).toEqual({ key, redriveId: null });
  expect(nameOf({ headers, value: Buffer.from('{') })).toEqual({ key: 'what the service says', redriveId: null });
  const redriven = { ...headers, 'redrive-id': 'r1' };
  expect(nameOf({ headers: redriven, value })).toEqual({ key: 'what the service says', redriveId: 'r1' });
});
