// What Telegram's own server does when a webhook is registered, on a clock that is moved by hand.
import { BotRegistration, type BotApiAnswer } from './bot-api-registration.js';
import { mostPending, mostPendingBytes } from './bot-api-store.js';
import { updateKinds } from './update-kinds.js';

const url = 'https://support.example.com/telegram/1';
let now = 1_790_000_000_000;
let bot: BotRegistration;

beforeEach(() => (bot = new BotRegistration(() => now)));

const info = () => (bot.getWebhookInfo() as { result: Record<string, unknown> }).result;
const later = (seconds: number) => (now += seconds * 1000);
function set(parameters: Record<string, unknown>): BotApiAnswer {
  later(1);
  return bot.setWebhook({ url, ...parameters });
}

describe('setWebhook', () => {
  it('is answered 429 when it comes within a second of the one before, wrong arguments or not', () => {
    expect(bot.setWebhook({ url: 'http://no.tls' })).toMatchObject({ error_code: 400 });
    later(0.999);
    expect(bot.setWebhook({ url })).toEqual({
      ok: false,
      error_code: 429,
      description: 'Too Many Requests: retry after 1',
      parameters: { retry_after: 1 },
    });
    later(0.001);
    expect(bot.setWebhook({ url })).toEqual({ ok: true, result: true, description: 'Webhook was set' });
  });

  it('builds the sender anew for any change, and not for the same arguments', () => {
    for (const parameters of [{}, {}, { secret_token: 'a' }, { secret_token: 'a', max_connections: 2 }])
      set(parameters);
    expect(set({ secret_token: 'a', max_connections: 2 })).toMatchObject({ description: 'Webhook is already set' });
    expect(bot.rebuilt).toBe(3);
  });

  it.each([
    [{ url: 'http://a.example' }, 'An HTTPS URL must be provided'],
    [{ url: 'https://a.example:8080' }, 'only on ports 80, 88, 443 or 8443'],
    [{ url: 'nothing' }, 'invalid webhook URL'],
    [{ secret_token: 'a b' }, 'unallowed characters'],
    [{ secret_token: 'a'.repeat(257) }, 'too long'],
    [{ allowed_updates: '{' }, 'allowed updates'],
  ])('refuses %j: %s', (parameters, words) => {
    expect(set(parameters)).toMatchObject({ error_code: 400, description: expect.stringContaining(words) });
    expect(bot.registered).toBeUndefined();
  });

  it('keeps the kinds when told nothing, takes the default for an empty list, and shows only others', () => {
    set({ allowed_updates: [...updateKinds, 'brain_wave'] });
    expect(info()['allowed_updates']).toEqual([...updateKinds]);
    set({ max_connections: 7 });
    expect(info()).toMatchObject({ allowed_updates: [...updateKinds], max_connections: 7 });
    set({ allowed_updates: '[]' });
    expect(info()).not.toHaveProperty('allowed_updates');
  });

  it('bounds the connections, and never shows the secret', () => {
    set({ max_connections: 1_000, secret_token: 'planted' });
    expect(info()['max_connections']).toBe(100);
    expect(JSON.stringify(info())).not.toContain('planted');
    expect(bot.registered?.secret).toBe('planted');
  });

  it('with an empty url removes the webhook and keeps what waits, unless told to drop it', () => {
    set({});
    bot.pend(5);
    expect(bot.setWebhook({ url: '' })).toMatchObject({ description: 'Webhook was deleted' });
    expect(info()).toMatchObject({ url: '', pending_update_count: 5 });
    expect(bot.deleteWebhook({ drop_pending_updates: true })).toMatchObject({
      description: 'Webhook is already deleted',
    });
    expect(info()['pending_update_count']).toBe(0);
  });
});

describe('what waits', () => {
  it('is 100,000 updates at most, the others are lost without a word', () => {
    expect([bot.pend(99_999), bot.pend(5)]).toEqual([99_999, 1]);
    expect(info()['pending_update_count']).toBe(mostPending);
  });

  it('is 128 MiB at most', () => {
    expect(bot.pend(1_000, { bytes: 500_000 })).toBe(Math.floor(mostPendingBytes / 500_000));
  });

  it('is gone after a day, once a sweep has found it', () => {
    bot.pend(3);
    bot.pend(2, { lifeMs: 30_000 });
    expect(info()['pending_update_count']).toBe(5);
    later(31);
    expect(info()['pending_update_count']).toBe(5);
    later(30);
    expect(info()['pending_update_count']).toBe(3);
    later(86_400);
    expect(info()['pending_update_count']).toBe(0);
  });
});

describe('an error', () => {
  it('stays after success, and goes with a change of the registration', () => {
    set({});
    bot.pend(1);
    bot.failDelivery('Wrong response from the webhook: 503 Service Unavailable');
    bot.acknowledge(1);
    expect(info()).toMatchObject({ pending_update_count: 0, last_error_date: Math.floor(now / 1000) });
    set({});
    expect(info()).toHaveProperty('last_error_message');
    set({ max_connections: 3 });
    expect(info()).not.toHaveProperty('last_error_message');
  });

  it('between the servers of Telegram is told apart', () => {
    bot.failSynchronization();
    expect(info()).toMatchObject({ last_synchronization_error_date: Math.floor(now / 1000) });
  });
});

it('somebody else may register the bot, and nobody may', () => {
  bot.registerElsewhere('https://other.example/hook');
  expect(info()).toMatchObject({ url: 'https://other.example/hook' });
  bot.removeWebhook();
  expect(info()).toMatchObject({ url: '' });
});
