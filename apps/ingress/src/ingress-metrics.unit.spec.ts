import { newMetricsRegistry } from '@onceline/service-kit';
import { Admission } from './admission.js';
import { BrokerHealth } from './broker-health.js';
import { createIngressMetrics } from './ingress-metrics.js';

describe('the metrics of the ingress', () => {
  it('say at each scrape whether the broker is failing, with or without requests', async () => {
    const registry = newMetricsRegistry();
    const broker = new BrokerHealth({ probe: async () => undefined, onRefused: () => undefined });
    createIngressMetrics(registry, { admission: new Admission({ maxRequests: 1, maxBytes: 1 }), broker });
    const shown = async () => (await registry.metrics()).match(/^onceline_ingress_broker_failing (\d)$/m)?.[1];
    expect(await shown()).toBe('0');
    broker.failed('unavailable');
    expect(await shown()).toBe('1');
    expect(await shown()).toBe('1');
    await broker.check();
    expect(await shown()).toBe('0');
  });
});
