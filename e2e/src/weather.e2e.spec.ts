import { setTimeout as sleep } from 'node:timers/promises';
import { System } from '@onceline/tools';
import { expectBalanced } from './books.js';
import { sendLoad } from './telegram-load.js';

describe('bad weather: the stack goes away under load and comes back', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
  });
  afterAll(() => system.stop());

  it('PostgreSQL stopped: ticketing pauses and resumes by itself, nothing is dead-lettered', async () => {
    const load = sendLoad(system, { updates: 2000, seed: 31, rate: 500 });
    await sleep(800);
    await system.stack.postgres.stop();
    await sleep(3000);
    await system.stack.postgres.start();
    expect(await load).toMatchObject({ acknowledged: 2000, pending: 0 });
    const report = await expectBalanced(system);
    expect(report.outcomes['dead-lettered']).toBe(0);
  });

  it('PostgreSQL killed', async () => {
    const load = sendLoad(system, { updates: 2000, seed: 32, rate: 700 });
    await sleep(800);
    await system.stack.postgres.kill();
    await system.stack.postgres.start();
    expect(await load).toMatchObject({ acknowledged: 2000, pending: 0 });
    expect((await expectBalanced(system)).outcomes['dead-lettered']).toBe(0);
  });

  it('Kafka stopped: Telegram is told to come again, and everything arrives', async () => {
    const load = sendLoad(system, { updates: 2000, seed: 33, rate: 500 });
    await sleep(800);
    await system.stack.kafka.stop();
    await sleep(2000);
    await system.stack.kafka.start();
    expect(await load).toMatchObject({ acknowledged: 2000, pending: 0, dropped: 0 });
    await expectBalanced(system);
  });

  it('Kafka killed', async () => {
    const load = sendLoad(system, { updates: 2000, seed: 34, rate: 700 });
    await sleep(800);
    await system.stack.kafka.kill();
    await system.stack.kafka.start();
    expect(await load).toMatchObject({ acknowledged: 2000, pending: 0, dropped: 0 });
    await expectBalanced(system);
  });
});
