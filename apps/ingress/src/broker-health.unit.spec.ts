import { KafkaError } from '@onceline/kafka';
import { BrokerHealth } from './broker-health.js';

describe('the health of the broker', () => {
  let probes = 0;
  let away = false;
  const probe = async () => {
    probes += 1;
    if (refused) throw new Error('not let in', { cause: new KafkaError('refused', 'the certificate has expired') });
    if (away) throw new Error('away');
  };
  let refused = false;
  let now = 0;
  const refusals: string[] = [];
  let broker: BrokerHealth;
  beforeEach(() => {
    probes = 0;
    away = false;
    refused = false;
    refusals.length = 0;
    now = Date.parse('2026-11-24T17:00:00Z');
    broker = new BrokerHealth({ probe, onRefused: ({ message }) => refusals.push(message), now: () => now });
  });

  it('gives up a process that the broker has not let in for a minute, and no other', async () => {
    broker.failed('unavailable');
    away = true;
    await broker.check();
    now += 3_600_000;
    // An hour in which it was away is none in which it refused.
    [refused, away] = [true, false];
    await broker.check();
    now += 59_000;
    await broker.check();
    expect(refusals).toEqual([]);
    now += 1000;
    await broker.check();
    expect(refusals).toEqual(['not let in']);

    [refused, away] = [false, true];
    now += 3_600_000;
    await broker.check();
    expect(refusals).toHaveLength(1);
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
