import { isBotId } from './bot-id.js';

it.each(['1', '1000001', '9'.repeat(20)])('%s names a bot', (text) => {
  expect(isBotId(text)).toBe(true);
});

it.each(['', '9'.repeat(21), 'bot_1', '-1', '1 ', '1\n', '1.5', '\u0661'])('"%s" names none', (text) => {
  expect(isBotId(text)).toBe(false);
});
