import fc from 'fast-check';
import { idempotencyKey } from '@onceline/contracts';
import { keyFields } from './key-fields.js';

describe('key fields', () => {
  it('are those the key was made of', () => {
    const bot = fc.integer({ min: 1, max: 10 ** 12 }).map(String);
    const kind = fc.string({ unit: 'binary', maxLength: 30 });
    fc.assert(
      fc.property(bot, kind, fc.maxSafeNat(), (botId, name, updateId) => {
        const key = idempotencyKey(botId, { updateId, kind: name, payload: {} });
        expect(keyFields(key)).toEqual({ botId, updateId });
      }),
    );
  });

  it.each([
    '',
    'tg1',
    'tg1:',
    'tg1:1',
    'tg2:1:message:5:7:1',
    'tg1:1:message:5:7:',
    'tg1:1:message:5:7:01',
    'tg1:1:m:5:7:-1',
    'tg1:1:m:5:7:1e3',
    'tg1:1:m:5:7:99999999999999999',
  ])('has none for "%s"', (key) => expect(keyFields(key)).toBeUndefined());

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void keyFields(`tg1:${text}`)));
  });
});
