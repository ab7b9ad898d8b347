// The client and the guard against the Bot API of the simulator, in all its weathers.
import { UPDATE_KINDS } from '@onceline/contracts';
import { BotApiDouble, type BotApiWeather } from '@onceline/telegram-simulator';
import { BotApi } from './bot-api.js';
import { BotApiError } from './bot-api-failure.js';
import { WebhookGuard, type GuardParts, type Observation } from './guard-webhook.js';
import { DEVIATIONS } from './judge-registration.js';
import { webhookOrder, type ManagedBot } from './managed-bots.js';

const TOKEN = '1000001:AAF-planted-token-of-a-bot-000000000';
const SECRET_PART = 'AAF-planted';
const SLOW = ['hang', 'slow'];
const bot: ManagedBot = {
  id: '1000001',
  token: TOKEN,
  secrets: ['current', 'previous'],
  wanted: { url: 'https://support.example.com/telegram/1000001', allowedUpdates: UPDATE_KINDS, maxConnections: 40 },
};

let double: BotApiDouble;
let now = Date.now();

beforeEach(async () => {
  double = await BotApiDouble.start({ tokens: [TOKEN], clock: { now: () => now } });
});
afterEach(() => double.close());

const api = (timeoutMs = 20_000) => new BotApi(TOKEN, { baseUrl: double.url, timeoutMs });
const telegram = () => double.bot('1000001');
const pass = (seconds: number) => (now += seconds * 1000);

/** Lets nobody pass before so many have come. */
function barrier(count: number): () => Promise<void> {
  let [arrived, open] = [0, () => {}];
  const all = new Promise<void>((resolve) => (open = resolve));
  return () => {
    if (++arrived === count) open();
    return all;
  };
}

async function failureOf(call: Promise<unknown>): Promise<BotApiError> {
  const error: unknown = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof BotApiError)) throw new Error(`not a BotApiError: ${String(error)}`);
  return error;
}

describe('a call', () => {
  it('registers what is wanted, word for word, and reads it again', async () => {
    await api().setWebhook(webhookOrder(bot));
    expect(double.callsOf('setWebhook')[0]?.parameters).toEqual({
      url: bot.wanted.url,
      secret_token: 'current',
      allowed_updates: [...UPDATE_KINDS],
      max_connections: 40,
    });
    expect(await api().getWebhookInfo()).toMatchObject({ url: bot.wanted.url, allowed_updates: [...UPDATE_KINDS] });
  });

  it('is throttled by the second setWebhook within a second', async () => {
    await api().setWebhook(webhookOrder(bot));
    expect(await failureOf(api().setWebhook(webhookOrder(bot)))).toMatchObject({
      failure: 'throttled',
      retryAfterMs: 1_000,
      mayPass: true,
    });
  });

  it.each<[string, BotApiWeather, Partial<BotApiError>]>([
    ['429', { kind: 'throttle', retryAfter: 17 }, { failure: 'throttled', retryAfterMs: 17_000 }],
    ['429 for ever', { kind: 'throttle', retryAfter: 1e9 }, { failure: 'throttled', retryAfterMs: 3_600_000 }],
    [
      '429 from a proxy',
      { kind: 'garbage', body: 'slow', status: 429, headers: { 'Retry-After': '4' } },
      { failure: 'throttled', retryAfterMs: 4_000 },
    ],
    [
      '401',
      { kind: 'error', code: 401, description: 'Unauthorized' },
      { failure: 'refused', mayPass: false, message: 'getWebhookInfo: 401 Unauthorized' },
    ],
    ['500', { kind: 'error', code: 500, description: 'Internal Server Error' }, { failure: 'refused', mayPass: true }],
    [
      'its own address with the token',
      { kind: 'echo' },
      { failure: 'refused', message: 'getWebhookInfo: 500 Internal Server Error: cannot serve /bot***/getWebhookInfo' },
    ],
    ['no answer', { kind: 'hang' }, { failure: 'timeout', message: 'getWebhookInfo: no answer within 300 ms' }],
    ['an answer too late', { kind: 'slow', ms: 20_000 }, { failure: 'timeout' }],
    [
      'a reset',
      { kind: 'reset' },
      { failure: 'unreachable', message: expect.stringMatching(/cannot be reached \(\w+\)$/) },
    ],
    ['a page of a proxy', { kind: 'garbage', body: '<html>', status: 502 }, { failure: 'garbled' }],
    ['half an answer', { kind: 'garbage', body: '{"ok":true,"result":{"url":' }, { failure: 'garbled' }],
    ['another thing', { kind: 'garbage', body: '{"ok":true,"result":{"url":7}}' }, { failure: 'garbled' }],
    [
      'a negative backlog',
      { kind: 'garbage', body: '{"ok":true,"result":{"url":"","pending_update_count":-1}}' },
      { failure: 'garbled' },
    ],
    ['neither yes nor no', { kind: 'garbage', body: '[]' }, { failure: 'garbled' }],
    ['an endless answer', { kind: 'endless' }, { failure: 'garbled' }],
  ])('%s is told for what it is, without the token', async (_, weather, expected) => {
    double.brew(weather);
    const failure = await failureOf(api(SLOW.includes(weather.kind) ? 300 : 20_000).getWebhookInfo());
    expect(failure).toMatchObject(expected);
    expect(`${failure.stack} ${JSON.stringify(failure)} ${String(failure.cause)}`).not.toContain(SECRET_PART);
  });

  it('does not follow a redirect, which would hand over the token', async () => {
    const stranger = await BotApiDouble.start({ tokens: [TOKEN] });
    const headers = { Location: `${stranger.url}/bot${TOKEN}/getWebhookInfo` };
    double.brew({ kind: 'garbage', body: '', status: 307, headers });
    expect(await failureOf(api().getWebhookInfo())).toMatchObject({ failure: 'garbled' });
    expect(stranger.calls).toEqual([]);
    await stranger.close();
  });

  it('finds nobody at the address, and says no more than the code', async () => {
    const baseUrl = double.url;
    await double.close();
    const failure = await failureOf(new BotApi(TOKEN, { baseUrl, timeoutMs: 5_000 }).getWebhookInfo());
    expect(failure.message).toBe('getWebhookInfo: the Bot API cannot be reached (ECONNREFUSED)');
    double = await BotApiDouble.start({ tokens: [TOKEN] });
  });
});

describe('the guard', () => {
  const guard = (parts: Partial<GuardParts> = {}) =>
    new WebhookGuard(bot, {
      api: api(),
      repair: DEVIATIONS,
      bytesPerUpdate: () => 1_000,
      now: () => now,
      stepAside: async () => undefined,
      ...parts,
    });
  const reportOf = (observation: Observation) => {
    if ('failure' in observation) throw observation.failure;
    return { ...observation.report, repair: observation.repair?.result, restraint: observation.restraint };
  };
  /** Registered as wanted, a minute ago. */
  async function registered(): Promise<void> {
    await api().setWebhook(webhookOrder(bot));
    pass(60);
  }

  it('sees a backlog grow, its slope, and the time until Telegram is full', async () => {
    await registered();
    const watching = guard();
    for (let look = 0; look < 10; look += 1) {
      await watching.look();
      pass(30);
      telegram().pend(900);
      telegram().failDelivery('Wrong response from the webhook: 503 Service Unavailable');
    }
    const last = reportOf(await watching.look());
    expect(last).toMatchObject({ state: 'registered', pending: 9_000, failing: true, errors: { delivery: true } });
    expect(last.growthPerSecond).toBeCloseTo(30);
    expect(last.timeToLoss.count).toBeCloseTo(91_000 / 30, 0);
    expect(last.timeToLoss.age).toBe(86_400 - 300);
  });

  it('says 0 once Telegram is full: it takes no more, so that nothing grows', async () => {
    await registered();
    const watching = guard();
    await watching.look();
    expect(telegram().pend(200_000)).toBe(100_000);
    for (let look = 0; look < 12; look += 1) {
      pass(30);
      await watching.look();
    }
    pass(30);
    expect(reportOf(await watching.look())).toMatchObject({ growthPerSecond: 0, timeToLoss: { count: 0 } });
  });

  it.each([
    ['lost', () => telegram().removeWebhook()],
    ['foreign', () => telegram().registerElsewhere('https://other.example/hook')],
  ])('mends a %s registration when it has seen it twice, and drops nothing', async (state, harm) => {
    await registered();
    telegram().pend(7);
    harm();
    const watching = guard();
    expect(reportOf(await watching.look())).toMatchObject({ state, restraint: 'confirming' });
    pass(30);
    expect(reportOf(await watching.look())).toMatchObject({ state: 'registered', repair: 'mended', pending: 7 });
    expect(telegram().registered).toEqual({ url: bot.wanted.url, secret: 'current', maxConnections: 40 });
  });

  it('mends settings that drifted', async () => {
    await registered();
    telegram().setWebhook({ url: bot.wanted.url, allowed_updates: [], secret_token: 'current' });
    pass(30);
    const watching = guard();
    await watching.look();
    expect(reportOf(await watching.look())).toMatchObject({ state: 'registered', repair: 'mended' });
  });

  it('touches nothing that it was not told to', async () => {
    telegram().registerElsewhere('https://other.example/hook');
    const watching = guard({ repair: ['lost'] });
    for (let look = 0; look < 3; look += 1) {
      expect(reportOf(await watching.look())).toMatchObject({ state: 'foreign', restraint: 'not-told' });
    }
    expect(double.callsOf('setWebhook')).toEqual([]);
  });

  it('is one of several that find the harm at once: one mends it, the others see that it is done', async () => {
    const looks: Promise<Observation>[] = [];
    const everybody = barrier(3);
    const replicas = [0, 1, 2].map((index) =>
      guard({ stepAside: () => everybody().then(async () => void (await looks[index - 1])) }),
    );
    await Promise.all(replicas.map((replica) => replica.look()));
    looks.push(...replicas.map((replica) => replica.look()));
    const repairs = (await Promise.all(looks)).map((look) => reportOf(look).repair);
    expect(repairs).toEqual(['mended', undefined, undefined]);
    expect([double.callsOf('setWebhook').length, telegram().rebuilt]).toEqual([1, 1]);
  });

  it('is told to wait when two mend in the same second, and finds it done later', async () => {
    const [one, other] = [guard(), guard()];
    await Promise.all([one.look(), other.look()]);
    telegram().setWebhook({ url: 'https://wrong' });
    telegram().removeWebhook();
    expect(await one.look()).toMatchObject({ repair: { result: 'failed', failure: { failure: 'throttled' } } });
    pass(2);
    expect(reportOf(await other.look())).toMatchObject({ repair: 'mended' });
    expect(reportOf(await one.look())).toMatchObject({ state: 'registered', repair: undefined });
  });

  it('gives up a quarrel after three repairs, until an hour has passed', async () => {
    const watching = guard();
    const results: unknown[] = [];
    for (let round = 0; round < 5; round += 1) {
      telegram().registerElsewhere('https://other.example/hook');
      pass(30);
      await watching.look();
      pass(30);
      const { repair, restraint } = reportOf(await watching.look());
      results.push(repair ?? restraint);
    }
    expect(results).toEqual(['mended', 'mended', 'mended', 'contested', 'contested']);
    pass(3_600);
    expect(reportOf(await watching.look())).toMatchObject({ repair: 'mended' });
  });

  it('does not repeat what an older server cannot do: it knows a kind less', async () => {
    const real = api();
    const older = {
      setWebhook: (order: Parameters<BotApi['setWebhook']>[0]) => real.setWebhook(order),
      getWebhookInfo: async () => ({
        ...(await real.getWebhookInfo()),
        allowed_updates: UPDATE_KINDS.filter((kind) => kind !== 'subscription'),
      }),
    };
    await registered();
    const watching = guard({ api: older });
    const results: unknown[] = [];
    for (let look = 0; look < 4; look += 1) {
      const { repair, restraint } = reportOf(await watching.look());
      results.push(repair ?? restraint);
      pass(30);
    }
    expect(results).toEqual(['confirming', 'futile', 'futile', 'futile']);
    expect(double.callsOf('setWebhook')).toHaveLength(2);
  });

  it('keeps what it knew through bad weather', async () => {
    await registered();
    const watching = guard();
    await watching.look();
    telegram().pend(600);
    pass(30);
    double.brew({ kind: 'reset' }, { kind: 'garbage', body: '?' });
    expect(await watching.look()).toMatchObject({ failure: { failure: 'unreachable' } });
    expect(await watching.look()).toMatchObject({ failure: { failure: 'garbled' } });
    pass(30);
    expect(reportOf(await watching.look()).growthPerSecond).toBeCloseTo(10);
  });
});
