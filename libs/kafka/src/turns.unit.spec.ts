import { Turns } from './turns.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('lets only so many run at once, in order, and goes on after a failure', async () => {
    const turns = new Turns(2);
    const [begun, ends]: [number[], (() => void)[]] = [[], []];
    const works = [0, 1, 2, 3].map((n) =>
      turns.take(async () => {
        begun.push(n);
        await new Promise<void>((resolve) => (ends[n] = resolve));
        if (n === 0) throw new Error('failed');
        return n;
      }),
    );
    const results = Promise.allSettled(works);
    await turn();
    expect(begun).toEqual([0, 1]);
    ends[0]!();
    await turn();
    expect(begun).toEqual([0, 1, 2]);
    ends[1]!();
    await turn();
    expect(begun).toEqual([0, 1, 2, 3]);
    ends[2]!();
    ends[3]!();
    expect((await results).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
    expect(await turns.take(async () => 'free')).toBe('free');
  });
});
