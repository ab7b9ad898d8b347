// The Bot API over HTTP: addresses, forms of a call, bad weather.
import { BotApiDouble } from './bot-api.js';

const token = '1000001:AAF-token-of-a-simulated-bot-00000000';
let api: BotApiDouble;

beforeEach(async () => (api = await BotApiDouble.start({ tokens: [token] })));
afterEach(() => api.close());

const call = (method: string, init: RequestInit = {}, as = token) => fetch(`${api.url}/bot${as}/${method}`, init);
const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

describe('a call', () => {
  it('takes arguments as JSON, as a form and in the query, and the method in any case', async () => {
    const url = 'https://a.example/telegram/1000001';
    expect(await (await call('setWebhook', json({ url, max_connections: 3 }))).json()).toMatchObject({ ok: true });
    expect(await (await call('getwebhookinfo')).json()).toMatchObject({ result: { url, max_connections: 3 } });
    expect(await (await call('deleteWebhook?drop_pending_updates=true')).json()).toMatchObject({ ok: true });
    await call('setWebhook', { method: 'POST', body: new URLSearchParams({ url: '' }) });
    expect(api.calls.map(({ method }) => method)).toEqual([
      'setWebhook',
      'getwebhookinfo',
      'deleteWebhook',
      'setWebhook',
    ]);
    expect(api.callsOf('setWebhook')[1]).toMatchObject({ botId: '1000001', parameters: { url: '' } });
  });

  it.each([
    ['an unknown token', 'getWebhookInfo', '1000009:AAF-token-of-a-simulated-bot-00000000', 401, 'Unauthorized'],
    ['no token', 'getWebhookInfo', 'nonsense', 404, 'Not Found'],
    ['an unknown method', 'getEverything', token, 404, 'Not Found: method not found'],
  ])('with %s is refused', async (_, method, as, code, description) => {
    const answer = await call(method, {}, as);
    expect([answer.status, await answer.json()]).toEqual([code, { ok: false, error_code: code, description }]);
  });

  it('too soon is told when to come again, in the body and in a header', async () => {
    await call('setWebhook', json({ url: 'https://a.example' }));
    const answer = await call('setWebhook', json({ url: 'https://a.example' }));
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await answer.json()).toMatchObject({ parameters: { retry_after: 1 } });
  });
});

describe('weather', () => {
  it('comes once for each call, then it is fair', async () => {
    api.brew({ kind: 'throttle', retryAfter: 9 }, { kind: 'garbage', body: '<html>', status: 502 }, { kind: 'reset' });
    expect((await call('getWebhookInfo')).status).toBe(429);
    expect(await (await call('getWebhookInfo')).text()).toBe('<html>');
    await expect(call('getWebhookInfo')).rejects.toThrow('fetch failed');
    expect((await call('getWebhookInfo')).status).toBe(200);
  });

  it('may be slow, silent, endless, or repeat the address', async () => {
    api.brew({ kind: 'slow', ms: 80 }, { kind: 'hang' }, { kind: 'endless' }, { kind: 'echo' });
    const before = performance.now();
    expect((await call('getWebhookInfo')).status).toBe(200);
    expect(performance.now() - before).toBeGreaterThanOrEqual(79);
    await expect(call('getWebhookInfo', { signal: AbortSignal.timeout(80) })).rejects.toThrow(/timeout|aborted/);
    const { body } = await call('getWebhookInfo');
    let bytes = 0;
    for await (const chunk of body ?? []) if ((bytes += (chunk as Uint8Array).length) > 1_000_000) break;
    expect(bytes).toBeGreaterThan(1_000_000);
    expect(await (await call('getWebhookInfo')).text()).toContain(token);
  });
});
