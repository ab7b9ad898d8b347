import { BrokerHealth } from './broker-health.js';

describe('the health of the broker', () => {
  let probes = 0;
  let away = false;
  const probe = async () => {
    probes += 1;
    if (away) throw new Error('away');
  };
  let broker: BrokerHealth;
  beforeEach(() => {
    probes = 0;
    away = false;
    broker = new BrokerHealth(probe, () => Date.parse('2026-11-24T17:00:00Z'));
  });

  it('is fine, without asking, as long as nothing failed', async () => {
    broker.stored();
    expect(broker.isFailing).toBe(false);
    expect(await broker.check()).toBeUndefined();
    expect(probes).toBe(0);
  });

  it('is bad from the first failure on, with its time and cause, while the broker is away', async () => {
    away = true;
    broker.failed('delivery-timeout');
    broker.failed('unavailable');
    const reason = 'the broker has not acknowledged since 2026-11-24T17:00:00.000Z (delivery-timeout)';
    expect(await broker.check()).toBe(reason);
    expect(await broker.check()).toBe(reason);
    expect(broker.isFailing).toBe(true);
  });

  it('recovers by a record that was stored, and by the probe when there is no traffic', async () => {
    away = true;
    broker.failed('unavailable');
    broker.stored();
    expect(broker.isFailing).toBe(false);
    expect(await broker.check()).toBeUndefined();

    broker.failed('unavailable');
    away = false;
    expect(await broker.check()).toBeUndefined();
    expect(broker.isFailing).toBe(false);
    expect(probes).toBe(1);
    away = true;
    expect(await broker.check()).toBeUndefined();
  });
});
