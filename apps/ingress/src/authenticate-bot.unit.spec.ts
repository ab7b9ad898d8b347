import fc from 'fast-check';
import { BotDirectory, MAX_SECRET_LENGTH } from './authenticate-bot.js';

const secret = fc.stringMatching(/^[A-Za-z0-9_-]{1,256}$/);

describe('authentication of a bot', () => {
  const bots = new BotDirectory([
    { id: '1', secrets: ['current', 'previous'] },
    { id: '2', secrets: ['other'] },
  ]);

  it('accepts every secret of the rotation, for its own bot only', () => {
    expect(bots.authenticates('1', 'current')).toBe(true);
    expect(bots.authenticates('1', 'previous')).toBe(true);
    expect(bots.authenticates('1', 'other')).toBe(false);
    expect(bots.authenticates('2', 'other')).toBe(true);
  });

  it('refuses a missing secret, an empty one, another case, a prefix, padding, and an unknown bot', () => {
    for (const given of [undefined, '', 'Current', 'curren', 'current\0', 'current ', 'current, current']) {
      expect(bots.authenticates('1', given)).toBe(false);
    }
    expect(bots.authenticates('3', 'current')).toBe(false);
    expect(bots.has('3')).toBe(false);
  });

  it('refuses what is longer than any secret', () => {
    const longest = 'a'.repeat(MAX_SECRET_LENGTH);
    const directory = new BotDirectory([{ id: '1', secrets: [longest] }]);
    expect(directory.authenticates('1', longest)).toBe(true);
    expect(directory.authenticates('1', `${longest}a`)).toBe(false);
  });

  it('says yes exactly when the given secret is one of the accepted', () => {
    fc.assert(
      fc.property(
        fc.array(secret, { minLength: 1, maxLength: 4 }),
        fc.oneof(secret, fc.string()),
        (accepted, stranger) => {
          const directory = new BotDirectory([{ id: '1', secrets: accepted }]);
          for (const one of accepted) expect(directory.authenticates('1', one)).toBe(true);
          expect(directory.authenticates('1', stranger)).toBe(accepted.includes(stranger));
        },
      ),
    );
  });
});
