// The receiver of traces is a thing to look at the pipeline with. Whatever becomes of it, the pipeline goes on.
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { eventually } from '@onceline/testing';
import { SERVICES, System } from '@onceline/tools';
import { expectBalanced } from './books.js';
import { chatter, settled } from './retrying.js';

const CHATS = Array.from({ length: 40 }, (_, index) => 980_000 + index);
/** The flush at the end of each service is worth three seconds, not the half minute that the exporter would take. */
const FLUSH_MS = 3000;

/** Takes connections and everything that is sent, and never says a word. */
async function startSilentReceiver(): Promise<{ endpoint: string; close: () => void; sockets: () => number }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => sockets.push(socket.on('error', () => undefined).resume()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, close, sockets: () => sockets.length };
}

async function spansThat(system: System, result: string): Promise<number[]> {
  const access = system.access();
  const pages = SERVICES.map(async (name) => (await fetch(`${access[name]}/metrics`)).text());
  const counted = new RegExp(`^onceline_spans_total\\{result="${result}"\\} (\\d+)$`, 'm');
  return (await Promise.all(pages)).map((page) => Number(counted.exec(page)?.[1]));
}

describe.each(['silent', 'away'])('a receiver of traces that is %s', (weather) => {
  let receiver: Awaited<ReturnType<typeof startSilentReceiver>>;
  let system: System;
  beforeAll(async () => {
    receiver = await startSilentReceiver();
    if (weather === 'away') receiver.close();
    system = await System.start({
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
        OTEL_EXPORTER_OTLP_TIMEOUT: '2000',
        LOG_LEVEL: 'warn',
      },
    });
  }, 300_000);
  afterAll(() => receiver.close());

  it('loses its spans and nothing else: every update gets its outcome, the counter says so, and nobody waits at the stop', async () => {
    const keys = await chatter(system, CHATS, 10);
    const entries = await settled(system, keys);
    expect(entries.filter(({ attempts }) => attempts !== 1)).toEqual([]);
    expect(receiver.sockets() > 0).toBe(weather === 'silent');
    await eventually(
      async () => {
        const [ingress, dedupe, ticketing] = await spansThat(system, 'failed');
        for (const lost of [ingress, dedupe, ticketing]) expect(lost).toBeGreaterThan(0);
      },
      { withinMs: 20_000 },
    );
    expect(await spansThat(system, 'exported')).toEqual(SERVICES.map(() => 0));
    await expectBalanced(system, { atLeastUnique: keys.length });
    for (const name of SERVICES) {
      const [service] = system.instances(name);
      const began = performance.now();
      await service!.stop();
      expect([name, performance.now() - began < FLUSH_MS + 5000]).toEqual([name, true]);
    }
    await system.stop();
  });
});
