import { runStopSteps } from './ordered-stop.js';

describe('runStopSteps', () => {
  it('runs each step after the one before has ended', async () => {
    const seen: string[] = [];
    const step = (name: string) => ({
      name,
      run: async () => {
        seen.push(`${name} begins`);
        await Promise.resolve();
        seen.push(`${name} ends`);
      },
    });
    expect(await runStopSteps([step('a'), step('b')], 1000)).toEqual({ failures: [] });
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('goes on after a step that failed, and reports it', async () => {
    const error = new Error('no');
    let reached = false;
    const steps = [
      { name: 'fails', run: () => Promise.reject(error) },
      {
        name: 'throws',
        run: () => {
          throw error;
        },
      },
      {
        name: 'last',
        run: () => {
          reached = true;
        },
      },
    ];
    expect(await runStopSteps(steps, 1000)).toEqual({
      failures: [
        { step: 'fails', error },
        { step: 'throws', error },
      ],
    });
    expect(reached).toBe(true);
  });

  it('names the step it hung in', async () => {
    const report = await runStopSteps(
      [
        { name: 'a', run: () => undefined },
        { name: 'hangs', run: () => new Promise(() => {}) },
      ],
      20,
    );
    expect(report).toEqual({ failures: [], timedOutIn: 'hangs' });
  });
});
