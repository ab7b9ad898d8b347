// The whole ingress with its watch on a real broker, and the command beside it, against the Bot API of the simulator.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { metricsRegistry } from '@onceline/service-kit';
import { eventually, startOtlpReceiver } from '@onceline/testing';
import { BotApiDouble } from '@onceline/telegram-simulator';
import { BOTS, IngressHarness, messageUpdate, metric } from '../ingress-harness.spec.js';
import { runWebhookCommand } from './command/run.js';

const TOKENS = ['1000001:AAF-planted-token-of-a-bot-000000001', '1000002:AAF-planted-token-of-a-bot-000000002'];
const OURS = 'https://support.example.com/telegram/1000001';
const project = fileURLToPath(new URL('../..', import.meta.url));
const compiler = fileURLToPath(new URL('../../../../node_modules/typescript-7/bin/tsc', import.meta.url));

let harness: IngressHarness;
let double: BotApiDouble;
let folder: string;

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [compiler, '-b', project]);
  harness = await IngressHarness.start();
}, 180_000);
beforeEach(async () => {
  double = await BotApiDouble.start({ tokens: TOKENS });
  folder = mkdtempSync(join(tmpdir(), 'onceline-webhook-'));
});
afterEach(async () => {
  await harness.quiet();
  await double.close();
  rmSync(folder, { recursive: true, force: true });
});
afterAll(() => harness?.stop(), 60_000);

const settings = (more: Record<string, string> = {}): Record<string, string> => ({
  BOTS: JSON.stringify(BOTS),
  BOT_TOKENS: TOKENS.join(','),
  PUBLIC_URL: 'https://support.example.com',
  BOT_API_URL: double.url,
  WEBHOOK_WATCH_INTERVAL_MS: '1000',
  ...more,
});

/** Runs the command as a shell would. */
async function webhook(line: string, more: Record<string, string> = {}) {
  const said: string[] = [];
  const code = await runWebhookCommand(line.split(' '), settings(more), {
    print: (text) => said.push(text),
    complain: (text) => said.push(text),
    signal: new AbortController().signal,
  });
  const text = said.join('\n');
  expect(text).not.toContain('planted');
  return { code, text, last: said.at(-1) };
}

const named = (name: string, labels: Record<string, string> = {}) =>
  metric(`onceline_ingress_webhook_${name}`, { bot: '1000001', ...labels });
const telegram = () => double.bot('1000001');

describe('the watch in the ingress', () => {
  it('is off without a token: it asks nobody', async () => {
    await harness.ingress({ BOT_API_URL: double.url });
    const page = await metricsRegistry.metrics();
    expect(page).toContain('# TYPE onceline_ingress_webhook_pending_updates gauge');
    expect(page).not.toContain('onceline_ingress_webhook_pending_updates{');
    expect(double.calls).toEqual([]);
  });

  it('exports what waits, how it grows, new errors, the state, and the time to loss by limit', async () => {
    await webhook('set');
    telegram().failDelivery('an old one, seen at the first look');
    await harness.ingress(settings());
    await eventually(async () => expect(await named('registration', { state: 'registered' })).toBe(1));
    await eventually(async () => expect(await named('looks_total', { result: 'ok' })).toBeGreaterThan(1));
    expect(await named('errors_total', { source: 'delivery' })).toBe(0);
    const errors = setInterval(() => {
      telegram().pend(500);
      telegram().failDelivery('Wrong response from the webhook: 503 Service Unavailable');
    }, 300);
    try {
      await eventually(async () => expect(await named('errors_total', { source: 'delivery' })).toBeGreaterThan(1));
      expect(await named('pending_updates')).toBeGreaterThan(0);
      expect(await named('pending_growth_per_second')).toBeGreaterThan(0);
      for (const limit of ['count', 'bytes', 'age']) {
        expect(await named('time_to_loss_seconds', { limit })).toBeLessThan(86_400);
      }
      expect(await named('looked_timestamp_seconds')).toBeGreaterThan(Date.now() / 1000 - 60);
    } finally {
      clearInterval(errors);
    }
  });

  it('tells a foreign registration and leaves it, unless told to mend it', async () => {
    telegram().registerElsewhere('https://other.example/hook');
    await harness.ingress(settings());
    await eventually(async () => expect(await named('registration', { state: 'foreign' })).toBe(1));
    await harness.quiet();
    expect(double.callsOf('setWebhook')).toEqual([]);

    await harness.ingress(settings({ WEBHOOK_REPAIR: 'foreign' }));
    await eventually(async () => expect(await named('repairs_total', { result: 'mended' })).toBe(1));
    expect(telegram().registered).toMatchObject({ url: OURS, secret: 'current' });
    expect(await named('registration', { state: 'foreign' })).toBe(0);
    // The other bot is lost, which was not said.
    expect(double.bot('1000002').registered).toBeUndefined();
  });

  it('goes on through every weather, takes updates meanwhile, and stops at once amid a look', async () => {
    double.brew(
      ...Array.from({ length: 2 }, () => ({ kind: 'error', code: 502, description: 'Bad Gateway' }) as const),
      ...Array.from({ length: 2 }, () => ({ kind: 'garbage', body: '<html>' }) as const),
      ...Array.from({ length: 2 }, () => ({ kind: 'throttle', retryAfter: 2 }) as const),
    );
    const service = await harness.ingress(settings());
    await eventually(async () => {
      for (const result of ['refused', 'garbled', 'throttled', 'ok']) {
        expect([result, await named('looks_total', { result })]).not.toEqual([result, 0]);
      }
    });
    double.brew(...Array.from({ length: 8 }, () => ({ kind: 'hang' }) as const));
    const before = double.calls.length;
    await eventually(() => expect(double.calls.length).toBeGreaterThan(before));
    expect((await harness.post(service, messageUpdate().json)).status).toBe(200);
    const stopping = performance.now();
    await service.stop();
    expect(performance.now() - stopping).toBeLessThan(8_000);
  });
});

describe('npm run webhook', () => {
  it('show says what is wrong, set mends it, show is content', async () => {
    expect(await webhook('show')).toMatchObject({ code: 1, last: 'webhook: 2 of 2 bots need attention' });
    const set = await webhook('set');
    expect(set).toMatchObject({ code: 0, last: 'webhook: ok, 2 bots registered' });
    expect(set.text).toContain(`bot 1000001: registered at ${OURS}\n  0 waiting, at most 40 connections, 27 kinds`);
    expect(await webhook('show')).toMatchObject({ code: 0, last: 'webhook: ok, 2 bots registered as wanted' });
    for (const { parameters } of double.callsOf('setWebhook')) {
      expect(Object.keys(parameters)).toEqual(['url', 'secret_token', 'allowed_updates', 'max_connections']);
    }
  });

  it('set again changes nothing at Telegram, and waits its second when told to', async () => {
    await webhook('set --bot 1000001');
    expect(await webhook('set --bot 1000001')).toMatchObject({ code: 0 });
    expect(telegram().rebuilt).toBe(1);
    expect(double.callsOf('setWebhook')).toHaveLength(3);
  });

  it('set leaves a foreign registration alone, does not show its path, and takes it over when told to', async () => {
    telegram().registerElsewhere(`https://other.example/bot${TOKENS[0]}`);
    const refused = await webhook('set --bot 1000001');
    expect(refused).toMatchObject({ code: 1, last: 'webhook: 1 of 1 bots need attention' });
    expect(refused.text).toContain('registered at https://other.example/…');
    expect(await webhook('set --bot 1000001 --replace --dry-run')).toMatchObject({ code: 0 });
    expect(double.callsOf('setWebhook')).toEqual([]);
    expect(await webhook('set --bot 1000001 --replace')).toMatchObject({ code: 0 });
    expect(telegram().registered?.url).toBe(OURS);
  });

  it('tells a wrong token, a wrong setting and a wrong call, each with a last line', async () => {
    const wrong = await webhook('show', { BOT_TOKENS: '1000001:AAF-planted-token-that-was-revoked-0' });
    expect(wrong).toMatchObject({
      code: 1,
      text: expect.stringContaining('bot 1000001: getWebhookInfo: 401 Unauthorized'),
    });
    const setting = await webhook('show', { PUBLIC_URL: 'http://support.example.com' });
    expect(setting).toMatchObject({ code: 78, last: 'webhook: failed', text: expect.stringContaining('PUBLIC_URL=') });
    expect(await webhook('show --bot 7')).toMatchObject({ code: 1, text: expect.stringContaining('no token of it') });
    expect(await webhook('shew')).toMatchObject({ code: 1, last: 'webhook: failed' });
  });

  it('watch prints each look, mends when told to, and ends by what it saw last', async () => {
    await webhook('set');
    telegram().removeWebhook();
    const watched = await webhook('watch --every 1 --looks 1 --json');
    expect(watched).toMatchObject({ code: 1, last: 'webhook: 1 look at 2 bots, bot 1000001 at last: lost' });
    expect(JSON.parse(watched.text.split('\n')[0] ?? '')).toMatchObject({ bot: '1000001', state: 'lost', pending: 0 });
    const mended = await webhook('watch --every 1 --looks 2 --repair lost');
    expect(mended).toMatchObject({ code: 0, last: 'webhook: ok, 2 looks at 2 bots' });
    expect(mended.text).toContain('repair: mended');
    expect(telegram().registered?.url).toBe(OURS);
  });
});

describe('rotating a secret', () => {
  it('is refused while a door does not take the new one, and loses no update when it does', async () => {
    const only = { BOTS: '[{"id":"1000001","secrets":["current"]}]', BOT_TOKENS: TOKENS[0] ?? '' };
    const old = await harness.ingress({ BOTS: only.BOTS });
    await webhook('set', only);

    const file = join(folder, 'bots.json');
    expect(await webhook(`rotate-secret --out ${file}`, only)).toMatchObject({ code: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const rolledOut = { ...only, BOTS: readFileSync(file, 'utf8').trim() };
    const secret = (JSON.parse(rolledOut.BOTS) as typeof BOTS)[0]?.secrets[0] ?? '';
    expect(await webhook(`rotate-secret --out ${file}`, only)).toMatchObject({ code: 1 });

    const early = await webhook(`rotate-secret --probe ${old.url}`, rolledOut);
    expect(early).toMatchObject({ code: 1, text: expect.stringContaining('finish the roll-out of BOTS') });
    expect(telegram().registered?.secret).toBe('current');

    const young = await harness.ingress({ BOTS: rolledOut.BOTS });
    const half = await webhook(`rotate-secret --probe ${young.url} --probe ${old.url}`, rolledOut);
    expect([half.code, telegram().registered?.secret]).toEqual([1, 'current']);
    const done = await webhook(`rotate-secret --probe ${young.url}`, rolledOut);
    expect(done).toMatchObject({ code: 0, last: 'webhook: ok, 1 bot registered with the new secret' });
    expect(done.text).not.toContain(secret);
    expect(telegram().registered?.secret).toBe(secret);
    // What was in flight carries the old one.
    for (const used of [secret, 'current']) {
      expect((await harness.post(young, messageUpdate().json, { secret: used })).status).toBe(200);
    }
  });

  it('says so when nobody answers', async () => {
    const { code, text } = await webhook('rotate-secret --bot 1000001 --probe http://127.0.0.1:9');
    expect([code, text]).toEqual([1, expect.stringContaining('gives no answer that tells')]);
  });
});

describe('the processes', () => {
  it('never write a token, whatever the weather: all output and all spans are searched', async () => {
    const receiver = await startOtlpReceiver();
    telegram().registerElsewhere(`https://other.example/bot${TOKENS[0]}?token=${TOKENS[0]}`);
    telegram().failDelivery(`Wrong response from https://other.example/bot${TOKENS[0]}`);
    const echo = { kind: 'echo' } as const;
    double.brew(echo, echo, { kind: 'reset' }, { kind: 'garbage', body: TOKENS.join() });
    const environment = {
      PATH: process.env['PATH'],
      KAFKA_BROKERS: harness.stack.kafka.brokers.join(','),
      PORT: '0',
      LOG_LEVEL: 'trace',
      ...settings(),
    };
    const start = (args: string[], env: NodeJS.ProcessEnv) => {
      const ended = promisify(execFile)(process.execPath, args, { cwd: project, env, maxBuffer: 1e8 });
      // A command that ends badly has said things, too.
      const said = ended.catch((error: unknown) => error).then((end) => Object.values(end as object).join('\n'));
      return { said, child: ended.child };
    };
    const run = (args: string[], env: NodeJS.ProcessEnv) => start(args, env).said;
    const traced = { ...environment, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_SERVICE_NAME: 'ingress' };
    const service = start(['--import', '@onceline/service-kit/telemetry', 'dist/main.js'], traced);
    let log = '';
    service.child.stdout?.on('data', (chunk: string) => (log += chunk));
    const url = await eventually(() => {
      const found = /"url":"([^"]+)"/.exec(log)?.[1];
      if (found === undefined) throw new Error(`not listening: ${log}`);
      return found;
    });
    expect((await harness.post({ url }, messageUpdate().json)).status).toBe(200);
    await eventually(() => expect(double.calls.length).toBeGreaterThan(9));
    const output = [
      await run(['dist/webhook.js', 'show'], environment),
      await run(['dist/webhook.js', 'watch', '--looks', '1', '--json'], environment),
      await run(['dist/webhook.js', 'set'], { ...environment, BOT_TOKENS: `${TOKENS[0]},AAF-planted` }),
      await run(['dist/main.js'], { ...environment, BOT_TOKENS: `9:${TOKENS[0]}` }),
    ];
    service.child.kill('SIGTERM');
    output.push(await service.said);
    const words = ['other.example/…', '"state":"foreign"', 'webhook: failed', 'The configuration', '"look":"garbled"'];
    output.forEach((text, index) => expect(text).toContain(words[index]));
    expect(output.join('\n')).not.toContain('planted');
    expect(receiver.spans().map(({ name }) => name)).toContain('POST /telegram/{botId}');
    expect(JSON.stringify(receiver.spans())).not.toContain('planted');
    await receiver.close();
  }, 180_000);
});
