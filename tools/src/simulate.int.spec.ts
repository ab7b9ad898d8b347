// The simulate command against a small receiver over HTTP: what arrives, what is printed and what it says in the end.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Access } from './access.js';
import { parseSimulateOptions } from './simulate-options.js';
import { simulate } from './simulate-run.js';

let server: Server;
let status: number;
const received: { url: string | undefined; secret: unknown; body: string }[] = [];

async function bodyOf(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const bytes of request) body += String(bytes);
  return body;
}

beforeEach(async () => {
  status = 200;
  received.length = 0;
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      received.push({ url: request.url, secret: request.headers['x-telegram-bot-api-secret-token'], body });
      response.writeHead(status, { 'content-length': 0 }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));

function access(): Access {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bots = ['11', '22'].map((id) => ({ id, secret: `secret-${id}` }));
  const tokens = { viewer: 'v', agent: 'a', admin: 'x' };
  return {
    ingress: url,
    dedupe: url,
    ticketing: url,
    retry: undefined,
    kafka: [],
    database: '',
    bots,
    tokens,
    pids: {},
  };
}

async function run(...args: string[]): Promise<{ good: boolean; said: string[]; conclusion: string }> {
  const said: string[] = [];
  let conclusion = '';
  const good = await simulate(access(), parseSimulateOptions(args, Date.now()), {
    say: (line) => said.push(line),
    conclude: (line) => (conclusion = line),
  });
  return { good, said, conclusion };
}

describe('simulate', () => {
  it('posts every update to its bot, with copies, and ends with one line', async () => {
    const { good, said, conclusion } = await run(
      '--updates',
      '600',
      '--bots',
      '2',
      '--chats',
      '20',
      '--duplicates',
      '0.2',
    );
    expect(good).toBe(true);
    expect(said[0]).toMatch(/600 updates for 2 bots at http.*--seed \d+/);
    expect(conclusion).toMatch(
      /^simulate: 600 of 600 updates acknowledged, (\d+) of \1 copies in .* ack p50 .* ms, p99 .* ms$/,
    );
    const distinct = new Set(received.map(({ url, body }) => `${url} ${body}`));
    expect(distinct.size).toBe(600);
    const copies = received.length - 600;
    expect(copies).toBeGreaterThan(70);
    expect(copies).toBeLessThan(180);
    expect(received.every(({ url, secret }) => url === `/telegram/${String(secret).slice('secret-'.length)}`)).toBe(
      true,
    );
  });

  it('sends the very same updates again for the same seed, and others for another', async () => {
    const bodies = async (seed: string): Promise<string[]> => {
      received.length = 0;
      await run('--updates', '50', '--bots', '2', '--seed', seed);
      return received.map(({ url, body }) => `${url} ${body}`).sort();
    };
    const first = await bodies('1');
    expect(await bodies('1')).toEqual(first);
    expect(new Set(first).size).toBe(50);
    const other = new Set(await bodies('2'));
    expect(first.some((body) => other.has(body))).toBe(false);
  });

  it('says so, and why, when updates are not acknowledged', async () => {
    status = 401;
    const { good, conclusion } = await run('--updates', '5', '--bots', '1', '--patience', '1');
    expect(good).toBe(false);
    expect(conclusion).toMatch(
      /0 of 5 updates acknowledged.*NOT all: Wrong response from the webhook: 401 Unauthorized$/,
    );
  });

  it('speaks JSON', async () => {
    const { conclusion } = await run('--updates', '5', '--bots', '1', '--json', '--seed', '9');
    expect(JSON.parse(conclusion)).toMatchObject({
      seed: 9,
      updates: 5,
      acknowledged: 5,
      pending: 0,
      byStatus: { 200: 5 },
    });
  });

  it('asks for no more bots than there are', async () => {
    await expect(run('--bots', '3')).rejects.toThrow(/--bots 3: the running system knows 2/);
  });
});
