import { eventually } from './eventually.js';

const soon = { withinMs: 200, everyMs: 5 };

describe('eventually', () => {
  it('answers as soon as the assertion holds', async () => {
    let calls = 0;
    const answer = await eventually(() => {
      calls += 1;
      expect(calls).toBe(3);
      return `call ${calls}`;
    }, soon);
    expect(answer).toBe('call 3');
  });

  it('throws the last failure when the time is over', async () => {
    let calls = 0;
    const failure = eventually(async () => {
      calls += 1;
      throw new Error(`failure ${calls}`);
    }, soon);
    await expect(failure).rejects.toThrow(/failure \d+/);
    expect(calls).toBeGreaterThan(3);
  });

  it('does not take a false answer for success', async () => {
    await expect(eventually(() => 1 > 2, soon)).rejects.toThrow('Still false after 200 ms');
  });

  it('asks once even with no time at all', async () => {
    expect(await eventually(() => 'yes', { withinMs: 0 })).toBe('yes');
  });
});
