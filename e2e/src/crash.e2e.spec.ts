import { setTimeout as sleep } from 'node:timers/promises';
import { System, type ServiceName } from '@onceline/tools';
import { expectBalanced } from './books.js';
import { sendLoad } from './telegram-load.js';

describe('SIGKILL in the middle of the load loses and doubles nothing', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
  });
  afterAll(() => system.stop());

  const cases: [ServiceName, number][] = [
    ['ingress', 21],
    ['dedupe', 22],
    ['ticketing', 23],
  ];
  it.each(cases)('%s', async (name, seed) => {
    const load = sendLoad(system, { updates: 2500, seed, rate: 700, faults: { 'duplicate-later': 0.1 } });
    const service = system.service(name);
    for (let round = 0; round < 3; round++) {
      await sleep(600);
      await service.kill();
      await service.start();
    }
    expect(await load).toMatchObject({ acknowledged: 2500, pending: 0, dropped: 0 });
    await expectBalanced(system);
  });
});
