import { eventually } from '@onceline/testing';
import { System } from '@onceline/tools';
import { expectBalanced } from './books.js';
import { startLoad } from './telegram-load.js';

describe('bad weather: the stack goes away under load and comes back', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
  });
  afterAll(() => system.stop());

  const WITHIN = { withinMs: 60_000 };
  const ticketingReadiness = async () => (await fetch(`${system.service('ticketing').url}/health/ready`)).status;
  const ticketingIs = (status: number) =>
    eventually(async () => expect(await ticketingReadiness()).toBe(status), WITHIN);

  it('PostgreSQL stopped: ticketing pauses and resumes by itself, nothing is dead-lettered', async () => {
    const load = startLoad(system, { updates: 2000, seed: 31, rate: 500 });
    await load.underWay();
    await system.stack.postgres.stop();
    await ticketingIs(503);
    await system.stack.postgres.start();
    await ticketingIs(200);
    expect(await load.finished).toMatchObject({ acknowledged: 2000, pending: 0 });
    const report = await expectBalanced(system);
    expect(report.outcomes['dead-lettered']).toBe(0);
  });

  it('PostgreSQL killed: the same', async () => {
    const load = startLoad(system, { updates: 2000, seed: 32, rate: 700 });
    await load.underWay();
    await system.stack.postgres.kill();
    await ticketingIs(503);
    await system.stack.postgres.start();
    await ticketingIs(200);
    expect(await load.finished).toMatchObject({ acknowledged: 2000, pending: 0 });
    expect((await expectBalanced(system)).outcomes['dead-lettered']).toBe(0);
  });

  it('Kafka stopped: Telegram is told to come again, and everything arrives', async () => {
    const load = startLoad(system, { updates: 2000, seed: 33, rate: 500 });
    await load.underWay();
    const before = load.stats();
    await system.stack.kafka.stop();
    await eventually(() => expect(load.stats().byStatus['503']).toBeGreaterThan(before.byStatus['503'] ?? 0), WITHIN);
    await system.stack.kafka.start();
    const stats = await load.finished;
    expect(stats).toMatchObject({ acknowledged: 2000, pending: 0, dropped: 0 });
    expect(stats.attempts).toBeGreaterThan(2000);
    await expectBalanced(system);
  });

  it('Kafka killed: everything arrives', async () => {
    const load = startLoad(system, { updates: 2000, seed: 34, rate: 700 });
    await load.underWay();
    await system.stack.kafka.kill();
    expect(load.stats().acknowledged).toBeLessThan(2000);
    await system.stack.kafka.start();
    expect(await load.finished).toMatchObject({ acknowledged: 2000, pending: 0, dropped: 0 });
    await expectBalanced(system);
  });
});
