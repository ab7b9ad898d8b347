import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@onceline/testing';
import { buildLibrary, killProbes, startProbe } from './probe-process.spec.js';

beforeAll(buildLibrary, 60_000);
afterEach(killProbes);

const messages = (lines: Record<string, unknown>[]) => lines.map(({ msg }) => msg);

describe('a refused start', () => {
  it('tells every wrong setting in plain words and exits 78', async () => {
    const probe = startProbe({ KAFKA_BROKERS: 'nowhere', PORT: 'x' });
    expect(await probe.exit).toBe(78);
    expect(probe.stderr()).toContain('KAFKA_BROKERS=nowhere: 0: must be host:port. Fix: set KAFKA_BROKERS to');
    expect(probe.stderr()).toContain('PORT=x: must be a whole number from 0 to 65535');
    expect(probe.stderr()).not.toMatch(/^\s+at /m);
  });

  it('names PORT when the port is in use', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const { port } = holder.address() as AddressInfo;
    try {
      const probe = startProbe({ PORT: String(port) });
      expect(await probe.exit).toBe(78);
      expect(probe.stderr()).toBe(
        `PORT=${port}: another process listens on 127.0.0.1:${port}. Fix: set PORT to a free port, or to 0 for any.\n`,
      );
    } finally {
      holder.close();
    }
  });
});

describe('a running service', () => {
  it('answers probes, metrics and problems', async () => {
    const probe = startProbe({ LOG_LEVEL: 'error' });
    const url = await probe.url;
    const live = await fetch(`${url}/health/live`);
    expect([live.status, await live.json()]).toMatchObject([200, { status: 'ok' }]);
    const ready = await eventually(async () => {
      const answer = await fetch(`${url}/health/ready`);
      expect(answer.status).toBe(200);
      return answer;
    });
    expect(await ready.json()).toMatchObject({ status: 'ok', details: { start: { status: 'up' } } });
    const metrics = await fetch(`${url}/metrics`);
    expect(metrics.headers.get('content-type')).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    const text = await metrics.text();
    expect(text).toContain('onceline_build_info{service="probe",version="0.1.0",');
    expect(text).toContain('nodejs_eventloop_lag_p99_seconds ');
    const older = await fetch(`${url}/metrics`, { headers: { accept: 'text/plain;version=0.0.4' } });
    expect(older.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await older.text()).toContain('# TYPE process_cpu_seconds_total counter');
    const missing = await fetch(`${url}/nowhere?secret=1`);
    expect(missing.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(await missing.json()).toMatchObject({ status: 404, instance: '/nowhere' });
    const broken = await fetch(`${url}/%zz`);
    expect([broken.status, broken.headers.get('content-type'), await broken.json()]).toMatchObject([
      400,
      'application/problem+json; charset=utf-8',
      { status: 400, field: 'path' },
    ]);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('finishes what is in hand on %s, in order, and exits 0', async (signal) => {
    const probe = startProbe({});
    const url = await probe.url;
    const slow = fetch(`${url}/probe/slow?ms=700`);
    await eventually(() => fetch(`${url}/health/ready`).then((answer) => answer.status === 200));
    probe.signal(signal);
    expect(await (await slow).json()).toEqual({ waited: 700 });
    expect(await probe.exit).toBe(0);
    expect(messages(probe.lines()).slice(-4)).toEqual(['stopping', 'before close', 'pool closed', 'stopped']);
  });

  it('exits 0 when it is stopped while it starts', async () => {
    const probe = startProbe({ PROBE_HANG_AT_START: 'yes' });
    await eventually(() => messages(probe.lines()).includes('wiring'));
    probe.signal('SIGTERM');
    expect(await probe.exit).toBe(0);
  });

  it('exits 1 when the stop takes longer than it may', async () => {
    const probe = startProbe({ PROBE_HANG_AT_STOP: 'yes', SHUTDOWN_TIMEOUT_MS: '300' });
    await probe.url;
    probe.signal('SIGTERM');
    expect(await probe.exit).toBe(1);
    const report = probe.lines().find(({ msg }) => msg === 'the stop was not clean');
    expect(report).toMatchObject({ err: { message: 'The stop hung in step "application"' } });
  });

  it.each([
    ['crash', 'a bug that nobody caught'],
    ['reject', 'a promise that nobody awaited'],
    ['fatal', 'only a restart helps'],
  ])('logs and exits 1 on %s', async (route, message) => {
    const probe = startProbe({});
    await fetch(`${await probe.url}/probe/${route}`).catch(() => undefined);
    expect(await probe.exit).toBe(1);
    expect(probe.lines().find(({ level }) => level === 'fatal')).toMatchObject({ err: { message } });
  });
});
