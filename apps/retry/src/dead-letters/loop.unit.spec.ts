import { setTimeout as sleep } from 'node:timers/promises';
import { Loop } from './loop.js';

describe('a loop', () => {
  it('goes round by round, never two at once, and stops after the one in hand', async () => {
    let running = 0;
    let rounds = 0;
    let tellThird: () => void = () => undefined;
    const third = new Promise<void>((resolve) => (tellThird = resolve));
    const loop = new Loop({
      round: async () => {
        running += 1;
        expect(running).toBe(1);
        await sleep(2);
        running -= 1;
        rounds += 1;
        if (rounds === 3) tellThird();
        return 0;
      },
      onFailure: () => undefined,
    });
    loop.start();
    loop.start();
    await third;
    await loop.stop();
    const afterStop = rounds;
    expect(running).toBe(0);
    await sleep(10);
    expect(rounds).toBe(afterStop);
  });

  it('tells of a failed round, rests, and takes it up again', async () => {
    const failures: [unknown, number][] = [];
    let rounds = 0;
    const loop = new Loop({
      round: () => {
        rounds += 1;
        return rounds === 1 ? Promise.reject(new Error('away')) : Promise.resolve(60_000);
      },
      onFailure: (error, afterMs) => failures.push([error, afterMs]),
    });
    loop.start();
    await sleep(5);
    expect(rounds).toBe(1);
    expect(failures).toEqual([[new Error('away'), expect.any(Number)]]);
    expect(failures[0]![1]).toBeGreaterThanOrEqual(1000);
    loop.wake();
    await sleep(5);
    expect(rounds).toBe(2);
    await loop.stop();
  });
});
