import { UPDATE_KINDS } from '@onceline/contracts';
import fc from 'fast-check';
import { judgeRegistration, shownOrigin } from './judge-registration.js';
import type { WantedWebhook } from './managed-bots.js';
import type { WebhookInfo } from './webhook-info.js';

const wanted: WantedWebhook = {
  url: 'https://support.example.com/telegram/1000001',
  allowedUpdates: UPDATE_KINDS,
  maxConnections: 40,
};
const asWanted: WebhookInfo = {
  url: wanted.url,
  pending_update_count: 0,
  max_connections: 40,
  allowed_updates: [...UPDATE_KINDS],
};
const askedFor = ['chat_member', 'message_reaction', 'message_reaction_count'];

describe('a registration', () => {
  it.each<[string, Partial<WebhookInfo>, string, string[]]>([
    ['as wanted', {}, 'registered', []],
    ['with the port said', { url: 'https://support.example.com:443/telegram/1000001' }, 'registered', []],
    ['without a URL', { url: '' }, 'lost', ['no URL is registered']],
    [
      'at another host',
      { url: 'https://other.example/hook' },
      'foreign',
      [`registered at https://other.example/…, not at ${wanted.url}`],
    ],
    [
      'for another bot of ours',
      { url: 'https://support.example.com/telegram/1000002' },
      'foreign',
      [`registered at https://support.example.com/…, not at ${wanted.url}`],
    ],
    ['with fewer connections', { max_connections: 1 }, 'drifted', ['max_connections is 1, not 40']],
    ['whose connections are not told', { max_connections: undefined }, 'registered', []],
    ['with few kinds', { allowed_updates: ['message'] }, 'drifted', [expect.stringMatching(/^allowed_updates lacks /)]],
    [
      'with a kind of the future besides',
      { allowed_updates: [...UPDATE_KINDS, 'brain_wave'] },
      'drifted',
      ['allowed_updates has brain_wave besides'],
    ],
  ])('%s', (_, traits, state, differences) => {
    expect(judgeRegistration(wanted, { ...asWanted, ...traits })).toEqual({ state, differences });
  });

  it('without a list of kinds has the default ones: members and reactions are left out', () => {
    const info = { ...asWanted, allowed_updates: undefined };
    expect(judgeRegistration(wanted, info)).toEqual({
      state: 'drifted',
      differences: ['allowed_updates lacks message_reaction, message_reaction_count, chat_member'],
    });
    const standard = { ...wanted, allowedUpdates: UPDATE_KINDS.filter((kind) => !askedFor.includes(kind)) };
    expect(judgeRegistration(standard, info).state).toBe('registered');
  });

  it('is as wanted whatever the order of its kinds', () => {
    const order = fc.shuffledSubarray([...UPDATE_KINDS], { minLength: UPDATE_KINDS.length });
    fc.assert(
      fc.property(order, (kinds) => {
        expect(judgeRegistration(wanted, { ...asWanted, allowed_updates: kinds }).state).toBe('registered');
      }),
    );
  });

  it('never shows the path, the user or the query of a foreign address: bots carry their tokens there', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9_-]{20,40}$/);
    const shapes = fc.constantFrom(
      (text: string) => `https://other.example/bot${text}`,
      (text: string) => `https://other.example/?token=${text}`,
      (text: string) => `https://${text}:${text}@other.example/#${text}`,
      (text: string) => `other.example/${text}`,
    );
    fc.assert(
      fc.property(shapes, secret, (shape, text) => {
        const url = shape(text);
        expect(JSON.stringify(judgeRegistration(wanted, { ...asWanted, url }))).not.toContain(text);
        expect(shownOrigin(url)).not.toContain(text);
      }),
    );
  });
});
