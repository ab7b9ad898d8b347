import { System, type ServiceName } from '@onceline/tools';
import { expectBalanced } from './books.js';
import { startLoad } from './telegram-load.js';

describe('SIGKILL in the middle of the load loses and doubles nothing', () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start();
  });
  afterAll(() => system.stop());

  const cases: [ServiceName, number][] = [
    ['ingress', 210],
    ['dedupe', 220],
    ['ticketing', 230],
  ];
  it.each(cases)('%s', async (name, seed) => {
    const service = system.service(name);
    for (let round = 0; round < 3; round++) {
      // A load of its own for each kill: one for all of them would be over before the last.
      const load = startLoad(system, {
        updates: 1000,
        seed: seed + round,
        rate: 700,
        faults: { 'duplicate-later': 0.1 },
      });
      await load.underWay();
      await service.kill();
      await service.start();
      expect(await load.finished).toMatchObject({ acknowledged: 1000, pending: 0, dropped: 0 });
    }
    await expectBalanced(system);
  });
});
