import { createServer, type AddressInfo, type Socket } from 'node:net';
import { eventually, releaseStack, startOtlpReceiver, useStack, type OtlpReceiver } from '@onceline/testing';
import { buildLibrary, killProbes, startProbe } from './probe-process.spec.js';

const PRELOAD = ['--import', '@onceline/service-kit/telemetry'];
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';

let receiver: OtlpReceiver;
let database: string;

beforeAll(async () => {
  await buildLibrary();
  receiver = await startOtlpReceiver();
  database = (await useStack({ kafka: false })).postgres.url;
}, 120_000);
afterEach(killProbes);
afterAll(async () => {
  await receiver.close();
  await releaseStack();
});

/** Answers how long the stop took, in milliseconds, and what was logged. */
async function runProbe(
  environment: Record<string, string>,
  calls: (url: string) => Promise<unknown>,
): Promise<{ stopMs: number; lines: Record<string, unknown>[] }> {
  const probe = startProbe({ DATABASE_URL: database, OTEL_SERVICE_NAME: 'probe', ...environment }, PRELOAD);
  await calls(await probe.url);
  const began = performance.now();
  probe.signal('SIGTERM');
  expect(await probe.exit).toBe(0);
  return { stopMs: performance.now() - began, lines: probe.lines() };
}

describe('tracing of a compiled service', () => {
  it('joins request and query to the trace of the caller, and sees no probes and no exports', async () => {
    const { lines } = await runProbe({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint }, async (url) => {
      await fetch(`${url}/health/ready`);
      await fetch(`${url}/metrics`);
      await fetch(`${url}/probe/query`, { headers: { traceparent: `00-${TRACE}-${CALLER}-01` } });
    });
    const spans = receiver.spans();
    expect(new Set(spans.map(({ traceId, service }) => `${service} ${traceId}`))).toEqual(new Set([`probe ${TRACE}`]));
    const server = spans.find(({ kind }) => kind === 'server');
    expect(server).toMatchObject({ name: 'GET /probe/query', parentSpanId: CALLER });
    const query = spans.find(({ attributes }) => attributes['db.query.text'] === 'select 1 as answer');
    expect(query).toMatchObject({ kind: 'client', parentSpanId: server?.spanId });
    expect(spans).toHaveLength(2);
    const line = lines.find(({ msg }) => msg === 'asked');
    expect(line).toMatchObject({ trace_id: TRACE, span_id: server?.spanId });
  });

  it('is off without an endpoint, and sends nothing when the share is 0', async () => {
    const before = receiver.spans().length;
    const call = (url: string) => fetch(`${url}/probe/query`);
    await runProbe({}, call);
    await runProbe({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, TRACE_SAMPLE_RATIO: '0' }, call);
    expect(receiver.spans()).toHaveLength(before);
  });

  it('does not let a receiver that never answers hold up the stop', async () => {
    const silent = createServer((socket) => open.push(socket.on('error', () => undefined)));
    const open: Socket[] = [];
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    try {
      const { stopMs } = await runProbe(
        { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_TIMEOUT: '60000' },
        (url) => fetch(`${url}/probe/query`),
      );
      expect(open.length).toBeGreaterThan(0);
      // The exporter alone would take half a minute, until it gives the batch up; our limit is 3 s.
      expect(stopMs).toBeLessThan(15_000);
    } finally {
      for (const socket of open) socket.destroy();
      silent.close();
    }
  });

  it.each([
    ['a receiver that takes them', 'exported', () => receiver.endpoint],
    // The exporter repeats what nobody answers, for as long as this says.
    ['nobody there', 'failed', () => 'http://127.0.0.1:9'],
  ])('counts what became of its spans: %s', async (_, result, endpoint) => {
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint(), OTEL_EXPORTER_OTLP_TIMEOUT: '1000' };
    await runProbe(environment, async (url) => {
      await fetch(`${url}/probe/query`);
      await eventually(async () => {
        const text = await (await fetch(`${url}/metrics`)).text();
        expect(text).toContain(`onceline_spans_total{result="${result}"} 2`);
      });
    });
  });
});
