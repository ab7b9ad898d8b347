// A drill with the real services: ticketing is made to fail, and what died is brought back from a shell. Then, of the same
// services, what they export.
import { recordAudit } from '@onceline/audit';
import { BotApiDouble } from '@onceline/telegram-simulator';
import { eventually } from '@onceline/testing';
import { parseOrder } from './dead-letters/arguments.js';
import { RetryApi } from './dead-letters/retry-api.js';
import { runOrder } from './dead-letters/run.js';
import { alertRules, documentedMetrics } from './observability/alert-files.js';
import { compareMetrics } from './observability/compare-metrics.js';
import { readExposition } from './observability/exposition.js';
import { unansweredSelectors } from './observability/unanswered-selectors.js';
import { SERVICES, System } from './system.js';

const BOT_TOKEN = '1000001:AAF-planted-token-of-a-bot-000000001';

let telegram: BotApiDouble;
let system: System;
beforeAll(async () => {
  telegram = await BotApiDouble.start({ tokens: [BOT_TOKEN] });
  system = await System.start({
    environment: {
      FAULTS_ENABLED: 'true',
      // All of it fails here, and on purpose: the breaker has tests of its own.
      DEAD_LETTER_BREAKER_PERCENT: '100',
      LOG_LEVEL: 'warn',
      BOT_TOKENS: BOT_TOKEN,
      BOT_API_URL: telegram.url,
      PUBLIC_URL: 'https://support.example.com',
    },
  });
}, 180_000);
afterAll(async () => {
  await system?.stop();
  await telegram?.close();
});

async function run(line: string): Promise<{ said: string; line: string; good: boolean }> {
  const { retry, tokens } = system.access();
  const said: string[] = [];
  const api = new RetryApi(retry ?? '', tokens.admin);
  const conclusion = await runOrder(api, parseOrder(line.split(' ')), (text) => said.push(text));
  return { said: said.join('\n'), ...conclusion };
}

let lastUpdate = 0;

/** One message of each chat; answers the keys. */
async function write(chats: readonly number[], text: string): Promise<string[]> {
  const { ingress, bots } = system.access();
  const [bot] = bots;
  const keys: string[] = [];
  for (const chat of chats) {
    const id = (lastUpdate += 1);
    const from = { id: chat, is_bot: false, first_name: 'Ada' };
    const message = { message_id: id, date: 1_760_000_000, chat: { id: chat, type: 'private' }, from, text };
    const response = await fetch(`${ingress}/telegram/${bot?.id}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': bot?.secret ?? '' },
      body: JSON.stringify({ update_id: id, message }),
    });
    expect(response.status).toBe(200);
    keys.push(`tg1:${bot?.id}:message:${chat}:${id}:${id}`);
  }
  return keys;
}

async function ticketing(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const { ticketing: url, tokens } = system.access();
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${tokens.admin}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

const faults = (rules: object[]) => ticketing('PUT', '/v1/faults', { rules });
const ledger = (key: string) => ticketing('GET', `/v1/ledger/${encodeURIComponent(key)}`);

async function outcomes(keys: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const key of keys) {
    const outcome = String((await ledger(key))['outcome']);
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

/** Makes the updates of these chats die; answers their keys once all are in the index. */
async function die(chats: readonly number[], seconds = 600): Promise<string[]> {
  await faults([{ match: { share: 1 }, kind: 'permanent', seconds }]);
  const before = await openCount();
  const keys = await write(chats, 'My order has not arrived');
  await eventually(async () => {
    expect(await openCount()).toBe(before + chats.length);
  });
  expect(await outcomes(keys)).toEqual({ 'dead-lettered': chats.length });
  return keys;
}

async function openCount(): Promise<number> {
  return Number(/, (\d+) open/.exec((await run('groups')).line)?.[1]);
}

async function fingerprint(): Promise<string> {
  const { said } = await run('groups');
  const group = said.split('\n').find((line) => /\d+ open/.test(line));
  return group?.split(' ')[0] ?? '';
}

const chatsFrom = (first: number, count: number) => Array.from({ length: count }, (_, index) => first + index);

describe('an operator', () => {
  it('sees what died, asks what a redrive would do, and brings all of it back as one ticket each', async () => {
    const keys = await die(chatsFrom(1000, 20));
    const group = await fingerprint();
    expect((await run(`redrive --fingerprint ${group} --dry-run`)).line).toBe('dry run: 20 would fail again');
    await ticketing('DELETE', '/v1/faults');
    expect((await run(`redrive --fingerprint ${group} --dry-run`)).line).toBe('dry run: 20 would open tickets');
    const done = await run(`redrive --fingerprint ${group} --reason drill --rate 500`);
    expect(done).toMatchObject({
      good: true,
      line: expect.stringContaining('finished: 20 selected: 20 redriven, 0 failed again'),
    });
    expect(await outcomes(keys)).toEqual({ 'ticket-opened': 20 });
    expect(await openCount()).toBe(0);
  });

  it('is stopped by the first canary while the cause is still there', async () => {
    await die(chatsFrom(2000, 15));
    const stopped = await run(`redrive --fingerprint ${await fingerprint()} --reason hope --rate 500`);
    expect(stopped.good).toBe(false);
    expect(stopped.line).toContain(
      'stopped (canary stage 1: 1 of 1 failed again, the same cause; the rest stays open)',
    );
    expect(await openCount()).toBe(15);
    await ticketing('DELETE', '/v1/faults');
    const done = await run(`redrive --fingerprint ${await fingerprint()} --reason mended --rate 500`);
    expect(done.line).toContain('15 selected: 15 redriven');
  });

  it('and another one at the same moment make no second ticket', async () => {
    const keys = await die(chatsFrom(3000, 20));
    await ticketing('DELETE', '/v1/faults');
    const order = `redrive --fingerprint ${await fingerprint()} --reason both --rate 500 --canary none`;
    const results = await Promise.allSettled([run(order), run(order)]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await outcomes(keys)).toEqual({ 'ticket-opened': 20 });
  });

  it('gives up what is not worth it, and the ledger says so', async () => {
    const keys = await die(chatsFrom(4000, 3));
    await ticketing('DELETE', '/v1/faults');
    expect((await run(`discard --fingerprint ${await fingerprint()} --reason spam`)).line).toBe('3 discarded');
    await eventually(async () => {
      expect(await outcomes(keys)).toEqual({ discarded: 3 });
    });
  });

  it('loses nothing when retry is killed in the middle of a redrive', async () => {
    const keys = await die(chatsFrom(5000, 40));
    await ticketing('DELETE', '/v1/faults');
    const started = await run(
      `redrive --fingerprint ${await fingerprint()} --reason kill --rate 40 --canary none --no-wait`,
    );
    const id = /redrive (\S+) runs/.exec(started.line)?.[1] ?? '';
    await eventually(async () => {
      const redriven = Number(/(\d+) redriven/.exec((await run(`status ${id}`)).line)?.[1]);
      expect(redriven).toBeGreaterThanOrEqual(4);
    });
    const retry = system.service('retry');
    await retry.kill();
    await retry.start();
    await eventually(async () => {
      expect((await run(`status ${id}`)).line).toContain('finished: 40 selected: 40 redriven');
    });
    expect(await outcomes(keys)).toEqual({ 'ticket-opened': 40 });
  });

  it('brings back a thousand, a tenth of them in two goes, while their chats go on writing', async () => {
    const chats = chatsFrom(10_000, 1000);
    const keys = await die(chats);
    const group = await fingerprint();
    await faults([{ match: { share: 0.1 }, kind: 'permanent', seconds: 600 }]);
    const dryRun = await run(`redrive --fingerprint ${group} --dry-run`);
    const [, good = '', bad = ''] =
      /^dry run: (\d+) would open tickets, (\d+) would fail again$/.exec(dryRun.line) ?? [];
    expect([Number(good) + Number(bad), Number(bad) > 50]).toEqual([1000, true]);
    const [first, later] = await Promise.all([
      run(`redrive --fingerprint ${group} --reason most --rate 500 --canary none`),
      write(chats.slice(0, 300), 'And another thing'),
    ]);
    expect(first.line).toContain(`finished: 1000 selected: ${good} redriven, ${bad} failed again`);
    await ticketing('DELETE', '/v1/faults');
    await eventually(async () => {
      expect((await run(`redrive --fingerprint ${await fingerprint()} --reason rest --rate 500`)).good).toBe(true);
      expect(await openCount()).toBe(0);
    });
    const settled = await outcomes([...keys, ...later]);
    expect(settled).toEqual({ 'ticket-opened': 1000, 'message-appended': 300 });
  }, 180_000);

  it('finds the books balanced after all of it', async () => {
    const report = await system.audit(30_000);
    expect(report).toMatchObject({
      balanced: true,
      outcomes: { 'ticket-opened': 1095, 'message-appended': 300, discarded: 3 },
    });
  });

  it('sees in the metrics what an audit found, once it is recorded', async () => {
    const { ticketing: url, database } = system.access();
    const shown = async () => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const valueOf = (series: string) => Number(text.split(`\nonceline_ticketing_${series} `)[1]?.split('\n', 1)[0]);
      return [valueOf('audit_findings{finding="missing"}'), valueOf('audit_finished_timestamp_seconds') > 0];
    };
    expect(await shown()).toEqual([0, false]);
    await recordAudit({ url: database }, { ...(await system.audit(0)), missingCount: 2 });
    await eventually(async () => expect(await shown()).toEqual([2, true]));
  });
});

describe('/metrics', () => {
  const exportedBy = async (service: (typeof SERVICES)[number]) => {
    const response = await fetch(`${system.service(service).url}/metrics`);
    return readExposition(await response.text());
  };

  it.each(SERVICES)('of %s is what docs/metrics.md says', async (service) => {
    expect(compareMetrics(service, await exportedBy(service), documentedMetrics())).toEqual([]);
  });

  it('has a series for each selector of the alerts', async () => {
    // Lateness begins with the first retry, and dedupe looks for losses once a minute.
    await faults([{ match: { share: 1 }, kind: 'transient', seconds: 600, times: 1 }]);
    const keys = await write([9400], 'My order has not arrived');
    await eventually(async () => expect(await outcomes(keys)).toEqual({ 'ticket-opened': 1 }));
    const look = async () => {
      const exported = (await Promise.all(SERVICES.map(exportedBy))).flat();
      expect(unansweredSelectors(alertRules(), exported)).toEqual(UNANSWERED);
    };
    await eventually(look, { withinMs: 90_000, everyMs: 500 });
  }, 180_000);
});

/** Made by Prometheus, not by a service. */
const UNANSWERED = ['up'];
