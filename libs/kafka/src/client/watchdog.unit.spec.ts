import { Watchdog } from './watchdog.js';

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const SILENCE_MS = 40;

describe('the watchdog', () => {
  let watchdog: Watchdog;
  afterEach(() => watchdog.stop());
  const watch = (lag: () => Promise<number>) => {
    let stuck = 0;
    watchdog = new Watchdog(SILENCE_MS, { lag, onStuck: () => void stuck++ });
    return () => stuck;
  };

  it('barks when nothing is fetched although records wait', async () => {
    const stuck = watch(() => Promise.resolve(3));
    await sleep(3 * SILENCE_MS);
    expect(stuck()).toBeGreaterThan(0);
  });

  it.each([
    ['nothing waits', () => Promise.resolve(0)],
    ['the broker cannot be asked', () => Promise.reject(new Error('away'))],
  ])('stays calm when %s', async (_, lag) => {
    const stuck = watch(lag);
    await sleep(3 * SILENCE_MS);
    expect(stuck()).toBe(0);
  });

  it('is kept calm by signs of life', async () => {
    const stuck = watch(() => Promise.resolve(3));
    for (let i = 0; i < 12; i++) {
      watchdog.sign();
      await sleep(SILENCE_MS / 4);
    }
    expect(stuck()).toBe(0);
    expect(watchdog.isFresh(10_000)).toBe(true);
    await sleep(2);
    expect(watchdog.isFresh(1)).toBe(false);
  });
});
