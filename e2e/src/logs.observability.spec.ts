// The log of a whole run, at its most talkative: every update has its line, every line is JSON, and nothing in it is a secret or a word of a customer.
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BotApiDouble } from '@onceline/telegram-simulator';
import { eventually, startOtlpReceiver, type OtlpReceiver } from '@onceline/testing';
import { System } from '@onceline/tools';
import { expectBalanced } from './books.js';
import { entriesOf, ladderEnvironment, makeFail, message, order, send, settled, type Entry } from './retrying.js';
import { post, privateMessage } from './webhook.js';

const BOT = '1000001';
const BOT_TOKEN = `${BOT}:AAF-planted-token-of-a-bot-000000001`;
const WEBHOOK_SECRET = 'planted-webhook-secret';
const TOKENS = { viewer: 'planted-viewer-token', agent: 'planted-agent-token', admin: 'planted-admin-token' };
const MASTER_KEY = Buffer.from('planted-master-key-of-32-bytes!!').toString('base64');
/** What strangers try is nobody's business either: it may be a secret of somebody else. */
const GUESSES = ['guessed-webhook-secret', 'guessed-api-token'];
/** In every text, whatever becomes of the message. */
const WORDS = 'planted private words';

let folder: string;
let telegram: BotApiDouble;
let receiver: OtlpReceiver;
let system: System;
let databasePassword: string;
/** One line each, of all services. */
let lines: Record<string, unknown>[];
let text: string;
/** What became of each update, by its key. */
const outcomes = new Map<string, Entry>();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onceline-logs-'));
  // The database server runs as another user and must get through.
  chmodSync(folder, 0o755);
  telegram = await BotApiDouble.start({ tokens: [BOT_TOKEN] });
  receiver = await startOtlpReceiver();
  system = await System.start({
    folder,
    credentials: { bots: [{ id: BOT, secret: WEBHOOK_SECRET }], tokens: TOKENS, masterKey: `planted:${MASTER_KEY}` },
    environment: {
      ...ladderEnvironment({ rungsMs: [300], tries: 2 }),
      LOG_LEVEL: 'trace',
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      TRACE_SAMPLE_RATIO: '0.5',
      BOT_TOKENS: BOT_TOKEN,
      BOT_API_URL: telegram.url,
      PUBLIC_URL: 'https://support.example.com',
      WEBHOOK_WATCH_INTERVAL_MS: '1000',
    },
  });
  databasePassword = new URL(system.stack.postgres.url).password;
  await runEverything();
  await expectBalanced(system);
  await system.stop();
  const logs = join(folder, 'logs');
  text = readdirSync(logs)
    .map((file) => readFileSync(join(logs, file), 'utf8'))
    .join('');
  lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}, 480_000);
afterAll(async () => {
  await system?.stop();
  await receiver?.close();
  await telegram?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function runEverything(): Promise<void> {
  await strangersAtTheDoor();
  const written = (chat: number, count: number) =>
    Array.from({ length: count }, (_, n) => message(system, `${WORDS} ${n}`, chat));
  const [goodOnes, [retried], [dead], [unreadable]] = [written(1, 20), written(2, 1), written(3, 1), written(4, 1)];
  await makeFail(system, [
    { match: { idempotencyKey: retried!.key }, kind: 'transient', times: 1 },
    { match: { idempotencyKey: dead!.key }, kind: 'transient' },
  ]);
  const broken = { ...unreadable!, body: unreadable!.body.replace('"date":', `"date":"${WORDS}","was":`) };
  await send(system, [...goodOnes, retried!, dead!, broken]);
  await sendCopies(goodOnes[0]!.body);
  const keys = [...goodOnes, retried!, dead!, unreadable!].map(({ key }) => key);
  await settled(system, keys);
  await bringBack(dead!, unreadable!);
  // The database is away, as it were, and comes back.
  await makeFail(system, [{ match: { share: 1 }, kind: 'unavailable', seconds: 2 }]);
  const [late] = written(5, 1);
  await send(system, [late!]);
  await settled(system, [late!.key]);
  const all = [...keys, late!.key];
  (await entriesOf(system, all)).forEach((entry, index) => outcomes.set(all[index]!, entry));
}

async function strangersAtTheDoor(): Promise<void> {
  const { body } = privateMessage(WORDS);
  const secret = (value: string) => ({ headers: { 'x-telegram-bot-api-secret-token': value } });
  expect((await post(system, body, secret(GUESSES[0]!))).status).toBe(401);
  expect((await post(system, body, { bot: encodeURIComponent(WORDS) })).status).toBe(404);
  expect((await post(system, `"${WORDS}`)).status).toBe(400);
  const { ticketing, retry } = system.access();
  for (const url of [`${ticketing}/v1/tickets?text=${WORDS}`, `${retry}/v1/dead-letters?status=${WORDS}`]) {
    expect((await fetch(url, { headers: { authorization: `Bearer ${GUESSES[1]}` } })).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: `Bearer ${TOKENS.viewer}` } })).status).toBe(400);
  }
}

/** The same update again, and another one under its key. */
async function sendCopies(body: string): Promise<void> {
  await send(system, [{ body }, { body: body.replace(WORDS, `other ${WORDS}`) }]);
}

/** One dead letter is redriven with other words, one is discarded. */
async function bringBack(dead: { key: string; body: string }, unreadable: { key: string }): Promise<void> {
  const { retry = '' } = system.access();
  const idOf = (key: string) =>
    eventually(async () => {
      const headers = { authorization: `Bearer ${TOKENS.viewer}` };
      const response = await fetch(`${retry}/v1/dead-letters?status=open`, { headers });
      const { items } = (await response.json()) as { items: Record<string, string>[] };
      const found = items.find(({ idempotencyKey }) => idempotencyKey === key);
      expect(found).toBeDefined();
      return found!['id'];
    });
  await makeFail(system, []);
  const payload = { text: dead.body.replace(WORDS, `mended ${WORDS}`) };
  await order(retry, TOKENS.admin, 'POST', '/v1/redrives', { id: await idOf(dead.key), payload, reason: 'mended' });
  await order(retry, TOKENS.admin, 'POST', '/v1/dead-letters/discard', {
    id: await idOf(unreadable.key),
    reason: 'a test',
  });
  await eventually(async () => {
    const now = await entriesOf(system, [dead.key, unreadable.key]);
    expect(now.map(({ outcome }) => outcome)).toEqual(['ticket-opened', 'discarded']);
  });
}

it('holds no secret and no word of a customer', () => {
  const secrets = [
    BOT_TOKEN,
    BOT_TOKEN.split(':')[1]!,
    WEBHOOK_SECRET,
    ...Object.values(TOKENS),
    MASTER_KEY,
    databasePassword,
  ];
  const hidden = [...secrets, ...GUESSES, WORDS, encodeURIComponent(WORDS), 'planted'];
  for (const each of hidden) expect(each.length).toBeGreaterThan(6);
  const told = lines.filter((line) => hidden.some((each) => JSON.stringify(line).includes(each)));
  expect(told).toEqual([]);
  // A file that was not read would hold nothing either.
  for (const service of ['ingress', 'dedupe', 'ticketing', 'retry']) {
    expect(lines.filter((line) => line['service'] === service).length).toBeGreaterThan(3);
  }
});

it('tells the outcome of each update in one line, with its trace', () => {
  for (const [key, { outcome, traceId, attempts, ticketId }] of outcomes) {
    const mine = lines.filter((line) => line['idempotencyKey'] === key && line['outcome'] === outcome);
    const withTrace = mine.filter(({ msg }) => msg !== 'a copy was refused');
    expect([key, withTrace.map((line) => line['trace_id'])]).toEqual([key, [traceId]]);
    if (outcome !== 'discarded') expect(withTrace).toMatchObject([{ attempts, ticketId }]);
  }
  const others = lines.filter(({ msg }) => msg === 'a copy was refused' || String(msg).startsWith('two updates'));
  expect(others.map(({ outcome }) => outcome).sort()).toEqual(['collision', 'duplicate']);
  const failed = lines.filter(({ msg }) => /^update (failed|dead-lettered)/.test(String(msg)));
  expect(failed.map(({ msg }) => msg).sort()).toEqual([
    'update dead-lettered',
    'update dead-lettered',
    'update failed, will be tried again',
    'update failed, will be tried again',
  ]);
  const refused = lines.filter(({ msg }) => msg === 'webhook refused');
  expect(refused.map(({ refusal }) => refusal)).toEqual(['wrong-secret', 'unknown-bot', 'malformed']);
  for (const line of [...others, ...failed, ...refused]) expect(line['trace_id']).toMatch(/^[\da-f]{32}$/);
});
