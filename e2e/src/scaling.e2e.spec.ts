import { setTimeout as sleep } from 'node:timers/promises';
import { System, type ServiceName } from '@onceline/tools';
import { expectBalanced } from './books.js';
import { sendLoad } from './telegram-load.js';

describe('a second process joins and leaves under load', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
  });
  afterAll(() => system.stop());

  const cases: [ServiceName, number][] = [
    ['dedupe', 41],
    ['ticketing', 42],
  ];
  it.each(cases)('%s', async (name, seed) => {
    const load = sendLoad(system, { updates: 4000, seed, rate: 500, faults: { 'duplicate-later': 0.1 } });
    await sleep(500);
    const second = await system.addInstance(name);
    await sleep(1500);
    await system.removeInstance(second);
    expect(await load).toMatchObject({ acknowledged: 4000, pending: 0, dropped: 0 });
    await expectBalanced(system);
  });
});
