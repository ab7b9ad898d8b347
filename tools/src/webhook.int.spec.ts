// The command as npm starts it, against the Bot API of the simulator: output, exit code, Ctrl-C.
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { BotApiDouble } from '@onceline/telegram-simulator';
import { eventually } from '@onceline/testing';
import { repositoryRoot } from './repository-root.js';

const root = repositoryRoot();
const TOKEN = '1000001:AAF-planted-token-of-a-bot-000000001';

let double: BotApiDouble;
beforeAll(async () => {
  const compiler = join(root, 'node_modules/typescript-7/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '-b', 'apps/ingress', 'tools'], { cwd: root });
  double = await BotApiDouble.start({ tokens: [TOKEN] });
}, 180_000);
afterAll(() => double?.close());

function webhook(...args: string[]) {
  const child = spawn(process.execPath, [join(root, 'tools/dist/webhook.js'), ...args], {
    env: {
      PATH: process.env['PATH'],
      BOTS: '[{"id":"1000001","secrets":["current"]}]',
      BOT_TOKENS: TOKEN,
      PUBLIC_URL: 'https://support.example.com',
      BOT_API_URL: double.url,
    },
  });
  const said = { text: '' };
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said.text += chunk.toString()));
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, said, code };
}

it('hands its arguments on, and the exit code back', async () => {
  const shown = webhook('show');
  expect([await shown.code, shown.said.text]).toEqual([
    1,
    expect.stringMatching(/webhook: 1 of 1 bots need attention\n$/),
  ]);
  const set = webhook('set', '--bot', '1000001');
  expect([await set.code, set.said.text]).toEqual([0, expect.stringMatching(/webhook: ok, 1 bot registered\n$/)]);
  expect(`${shown.said.text}${set.said.text}`).not.toContain('planted');
}, 120_000);

it('ends a watch in order when it is interrupted', async () => {
  const watch = webhook('watch', '--every', '1');
  await eventually(() => expect(watch.said.text.match(/0 waiting/g)?.length).toBeGreaterThan(1));
  watch.child.kill('SIGINT');
  expect(await watch.code).toBe(0);
  expect(watch.said.text).toMatch(/webhook: ok, \d+ looks at 1 bot\n$/);
}, 120_000);
