// The compiled service as a process of its own, as it runs in production: traces, signals, exit codes, its log.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { HEADERS, TOPICS } from '@onceline/contracts';
import { eventually, startOtlpReceiver, type OtlpReceiver } from '@onceline/testing';
import { BOTS, IngressHarness, messageUpdate } from './ingress-harness.spec.js';

const project = fileURLToPath(new URL('..', import.meta.url));
const compiler = fileURLToPath(new URL('../../../node_modules/typescript-7/bin/tsc', import.meta.url));

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';

let harness: IngressHarness;
let receiver: OtlpReceiver;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [compiler, '-b', project]);
  harness = await IngressHarness.start();
  receiver = await startOtlpReceiver();
}, 180_000);
afterEach(() => children.forEach((child) => child.kill('SIGKILL')));
afterAll(async () => {
  await receiver?.close();
  await harness?.stop();
}, 60_000);

function startProcess(settings: Record<string, string> = {}) {
  const child = spawn(process.execPath, ['--import', '@onceline/service-kit/telemetry', 'dist/main.js'], {
    cwd: project,
    env: {
      PATH: process.env['PATH'],
      KAFKA_BROKERS: harness.stack.kafka.brokers.join(','),
      PORT: '0',
      BOTS: JSON.stringify(BOTS),
      OTEL_SERVICE_NAME: 'ingress',
      ...settings,
    },
  });
  children.add(child);
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
  const exit = new Promise<number | null>((resolve) => child.on('close', resolve));
  const url = () =>
    eventually(() => {
      const found = /"url":"([^"]+)"/.exec(said.stdout)?.[1];
      if (found === undefined) throw new Error(`not listening: ${said.stdout} ${said.stderr}`);
      return { url: found };
    });
  const lines = () =>
    said.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { child, said, exit, url, lines };
}

const post = async ({ url }: { url: string }, body: string, headers: Record<string, string> = {}) =>
  (
    await fetch(`${url}/telegram/1000001`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': 'current', ...headers },
    })
  ).status;

const storedHeaders = async (body: string) =>
  (await harness.records(TOPICS.raw)).find(({ value }) => value?.toString() === body)?.headers;

describe('the process', () => {
  it('joins request and record in one trace, and stamps the record with the context of its sending', async () => {
    const ingress = startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
    const { id, json } = messageUpdate();
    expect(await post(await ingress.url(), json, { traceparent: `00-${TRACE}-${CALLER}-01` })).toBe(200);
    ingress.child.kill('SIGTERM');
    expect(await ingress.exit).toBe(0);

    const server = receiver.spans().find(({ kind }) => kind === 'server');
    expect(server).toMatchObject({ traceId: TRACE, parentSpanId: CALLER, name: 'POST /telegram/{botId}' });
    expect(server?.attributes).toMatchObject({
      'onceline.bot.id': '1000001',
      'onceline.update.id': String(id),
      'http.response.status_code': '200',
    });
    const sent = receiver.spans().find(({ kind }) => kind === 'producer');
    expect(sent).toMatchObject({ traceId: TRACE, parentSpanId: server?.spanId, name: `send ${TOPICS.raw}` });
    expect((await storedHeaders(json))?.[HEADERS.traceparent]).toBe(`00-${TRACE}-${sent?.spanId}-01`);
  });

  it('gives the record the id of a trace also when that is not recorded, or tracing is off', async () => {
    for (const settings of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, TRACE_SAMPLE_RATIO: '0' }] as Record<
      string,
      string
    >[]) {
      const ingress = startProcess(settings);
      const { json } = messageUpdate();
      expect(await post(await ingress.url(), json)).toBe(200);
      const headers = (await storedHeaders(json)) ?? {};
      expect(Object.keys(headers)).toEqual([HEADERS.botId, HEADERS.receivedAt, HEADERS.traceparent]);
      expect(headers[HEADERS.traceparent]).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
      ingress.child.kill('SIGINT');
      expect(await ingress.exit).toBe(0);
    }
  });

  it('shows what failed, whatever share of traces is recorded, under the trace that the log names', async () => {
    const ingress = startProcess({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, TRACE_SAMPLE_RATIO: '0' });
    const address = await ingress.url();
    const before = receiver.spans().length;
    expect(await post(address, messageUpdate().json)).toBe(200);
    expect(await post(address, '"no update"')).toBe(400);
    ingress.child.kill('SIGTERM');
    expect(await ingress.exit).toBe(0);
    const [shown, ...others] = receiver.spans().slice(before);
    expect(others).toEqual([]);
    expect(shown).toMatchObject({
      ...{ kind: 'server', name: 'POST /telegram/{botId}' },
      attributes: {
        ...{ 'onceline.refusal': 'malformed', 'http.response.status_code': '400' },
        'onceline.trace.begins_here': 'true',
      },
    });
    expect(ingress.lines().find(({ msg }) => msg === 'webhook refused')).toMatchObject({ trace_id: shown?.traceId });
  });

  it('writes one line for each answer that is no 200, and never a body or a secret', async () => {
    const ingress = startProcess();
    const address = await ingress.url();
    const { json } = messageUpdate();
    expect(await post(address, json)).toBe(200);
    expect(await post(address, '"private words"')).toBe(400);
    expect(await post(address, '"private words"', { 'x-telegram-bot-api-secret-token': 'guessed-secret' })).toBe(401);
    expect(await post(address, `{"update_id":${messageUpdate().id},"hologram":{"text":"private words"}}`)).toBe(200);
    ingress.child.kill('SIGTERM');
    expect(await ingress.exit).toBe(0);

    const lines = ingress.lines();
    expect(lines.filter(({ msg }) => msg === 'webhook refused')).toMatchObject([
      { refusal: 'malformed', status: 400, botId: '1000001', bytes: 15 },
      { refusal: 'wrong-secret', status: 401, botId: '1000001', bytes: 0 },
    ]);
    expect(lines.filter(({ msg }) => msg === 'unknown update kind or field')).toMatchObject([{ kind: 'hologram' }]);
    for (const hidden of ['private words', 'guessed-secret', 'previous'])
      expect(ingress.said.stdout).not.toContain(hidden);
  });

  it.each([
    [{ BOTS: '[]' }, /BOTS=\*\*\*: must be a JSON list with at least one bot/],
    [{ PARTITIONS: '5' }, /telegram\.updates\.raw[^]*Fix: run: npm run provision/],
    [{ KEEP_ALIVE_MS: '5000' }, /KEEP_ALIVE_MS=5000/],
  ])('refuses to start with %j, in plain words', async (settings, message) => {
    const ingress = startProcess(settings);
    expect(await ingress.exit).toBe(78);
    expect(ingress.said.stderr).toMatch(message);
    expect(ingress.said.stderr).not.toMatch(/^\s+at /m);
  });
});
