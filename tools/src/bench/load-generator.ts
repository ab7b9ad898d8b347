// A process of its own, so that making load costs the measured server none of its event loop. Prints one JSON line.
import { HttpLane } from './http-lane.js';
import type { LoadOrder, LoadReport } from './load-order.js';
import { benchUpdate, webhookRequest } from './payloads.js';
import { quantile } from './statistics.js';

async function run(order: LoadOrder): Promise<LoadReport> {
  const { hostname, port, host, pathname } = new URL(order.url);
  const requests = Array.from({ length: order.count }, (_, index) =>
    webhookRequest({ host, path: pathname, secret: order.secret }, benchUpdate(order.firstUpdate + index)),
  );
  const lanes = await Promise.all(
    Array.from({ length: order.connections }, () => HttpLane.open(hostname, Number(port))),
  );
  const latencies = new Float64Array(order.count);
  const refusals: Record<string, number> = {};
  let next = 0;
  let acknowledged = 0;
  const startedAt = performance.now();
  const deadline = startedAt + order.maxSeconds * 1000;
  const keepSending = async (lane: HttpLane) => {
    for (;;) {
      const request = requests[next];
      const sentAt = performance.now();
      if (!request || sentAt > deadline) return;
      next += 1;
      const status = await lane.send(request);
      if (status === 200) {
        latencies[acknowledged] = performance.now() - sentAt;
        acknowledged += 1;
      } else refusals[status] = (refusals[status] ?? 0) + 1;
    }
  };
  await Promise.all(lanes.map(keepSending));
  const seconds = (performance.now() - startedAt) / 1000;
  for (const lane of lanes) lane.close();
  const acks = latencies.subarray(0, acknowledged);
  return {
    acknowledged,
    refusals,
    seconds,
    perSecond: acknowledged / seconds,
    p50Ms: quantile(acks, 0.5),
    p99Ms: quantile(acks, 0.99),
  };
}

console.log(JSON.stringify(await run(JSON.parse(process.argv[2] ?? '{}') as LoadOrder)));
