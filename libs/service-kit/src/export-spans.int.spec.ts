import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { eventually, startOtlpReceiver } from '@onceline/testing';
import { spanExport } from './export-spans.js';
import { metricsRegistry } from './metrics.js';
import { shareOfTraces } from './sampling.js';

const SPANS = 20_000;
const QUEUED = 1000;
/** One batch is on its way while the queue fills. */
const ON_ITS_WAY = 512;

const sockets: Socket[] = [];
let silent: Server;
let silentAddress: string;
beforeAll(async () => {
  silent = createServer((socket) => sockets.push(socket.on('error', () => undefined).resume()));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  silentAddress = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  silent.close();
});

async function counted(): Promise<Record<string, number>> {
  const page = await metricsRegistry.metrics();
  const rows = page.matchAll(/^onceline_spans_total\{result="(\w+)"\} (\d+)$/gm);
  return Object.fromEntries([...rows].map(([, result = '', count]) => [result, Number(count)] as const));
}

/** Makes spans without ever letting go of the event loop, as a busy service does. Answers how long that took. */
function makeSpans(endpoint: string): { ms: number; provider: TracerProvider } {
  const processor = spanExport({ endpoint, maxQueued: QUEUED, timeoutMs: 400 });
  const provider = new TracerProvider({ sampler: shareOfTraces(1), spanProcessors: [processor] });
  const tracer = provider.getTracer('spec');
  const began = performance.now();
  for (let n = 0; n < SPANS; n += 1) tracer.startSpan('work', { attributes: { n } }, ROOT_CONTEXT).end();
  return { ms: performance.now() - began, provider };
}

describe.each([
  ['never answers', () => silentAddress],
  ['is away', () => 'http://127.0.0.1:9'],
])('a receiver of spans that %s', (_, address) => {
  it('holds nobody up: the queue is bounded, and what is lost is counted', async () => {
    const before = await counted();
    const { ms, provider } = makeSpans(address());
    // Some ten microseconds each; a wait for the receiver would be 400 ms for every 512 of them.
    expect(ms).toBeLessThan(SPANS / 4);
    const lost = async (result: string) => ((await counted())[result] ?? 0) - (before[result] ?? 0);
    expect(await lost('dropped')).toBe(SPANS - QUEUED - ON_ITS_WAY);
    await eventually(async () => expect(await lost('failed')).toBe(QUEUED + ON_ITS_WAY));
    expect(await lost('exported')).toBe(0);
    await provider.shutdown();
  });
});

it('a receiver that is there gets what was not dropped', async () => {
  const receiver = await startOtlpReceiver();
  const before = await counted();
  const { provider } = makeSpans(receiver.endpoint);
  await provider.forceFlush();
  await eventually(() => expect(receiver.spans()).toHaveLength(QUEUED + ON_ITS_WAY));
  expect(((await counted())['exported'] ?? 0) - (before['exported'] ?? 0)).toBe(QUEUED + ON_ITS_WAY);
  await provider.shutdown();
  await receiver.close();
});
