import { jest } from '@jest/globals';
import { Measurement } from './measurement.js';
import { metricsRegistry } from './metrics.js';

const EVERY_MS = 1000;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** A measure that ends when it is told to. */
function slowMeasure() {
  const ends: { resolve(): void; reject(error: unknown): void }[] = [];
  const measure = () => new Promise<void>((resolve, reject) => void ends.push({ resolve, reject }));
  return { ends, measure };
}

describe('a measurement', () => {
  it('is made at once, again at each turn, and no more after the stop', async () => {
    let made = 0;
    const measurement = new Measurement({
      work: 'spec',
      everyMs: EVERY_MS,
      measure: async () => void made++,
      forget: forgets,
      onFailure: fail,
    });
    measurement.start();
    measurement.start();
    expect(made).toBe(1);
    await jest.advanceTimersByTimeAsync(3 * EVERY_MS);
    expect(made).toBe(4);
    await measurement.stop();
    measurement.start();
    await jest.advanceTimersByTimeAsync(3 * EVERY_MS);
    expect(made).toBe(4);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('is never made twice at the same time, and goes on with the next turn', async () => {
    const { ends, measure } = slowMeasure();
    const measurement = new Measurement({ work: 'spec', everyMs: EVERY_MS, measure, forget: forgets, onFailure: fail });
    measurement.start();
    await jest.advanceTimersByTimeAsync(5 * EVERY_MS);
    expect(ends).toHaveLength(1);
    ends[0]!.resolve();
    await jest.advanceTimersByTimeAsync(EVERY_MS);
    expect(ends).toHaveLength(2);
    ends[1]!.resolve();
    await measurement.stop();
  });

  it('tells of a failure and is made again', async () => {
    const failures: unknown[] = [];
    const { ends, measure } = slowMeasure();
    const onFailure = (error: unknown) => void failures.push(error);
    const measurement = new Measurement({ work: 'spec', everyMs: EVERY_MS, measure, forget: forgets, onFailure });
    measurement.start();
    ends[0]!.reject('away');
    await jest.advanceTimersByTimeAsync(EVERY_MS);
    expect(failures).toEqual(['away']);
    expect(ends).toHaveLength(2);
    const stopping = measurement.stop();
    ends[1]!.reject('closed');
    await stopping;
    expect(failures).toEqual(['away']);
  });

  it('that has said nothing for five minutes, for it fails or hangs, forgets its figures and is made anew', async () => {
    const { ends, measure } = slowMeasure();
    let forgotten = 0;
    const forget = () => void (forgotten += 1);
    const measurement = new Measurement({
      work: 'spec',
      everyMs: EVERY_MS,
      measure,
      forget,
      onFailure: () => undefined,
    });
    measurement.start();
    ends[0]!.resolve();
    await jest.advanceTimersByTimeAsync(299_000);
    expect([forgotten, ends.length]).toEqual([0, 2]);
    await jest.advanceTimersByTimeAsync(2000);
    expect([forgotten, ends.length]).toEqual([1, 3]);
    // The one that hung comes back at last: the one in hand is not doubled.
    ends[1]!.reject('late');
    await jest.advanceTimersByTimeAsync(10_000);
    expect(ends).toHaveLength(3);
    ends[2]!.resolve();
    await measurement.stop();
  });

  it('holds up the stop until it is over, but not for long', async () => {
    const { ends, measure } = slowMeasure();
    const started = () => {
      const measurement = new Measurement({
        work: 'spec',
        everyMs: EVERY_MS,
        measure,
        forget: forgets,
        onFailure: fail,
      });
      measurement.start();
      let stopped = false;
      void measurement.stop(500).then(() => (stopped = true));
      return () => stopped;
    };
    const [ends0, never] = [started(), started()];
    await jest.advanceTimersByTimeAsync(100);
    expect([ends0(), never()]).toEqual([false, false]);
    ends[0]!.resolve();
    await jest.advanceTimersByTimeAsync(0);
    expect([ends0(), never()]).toEqual([true, false]);
    await jest.advanceTimersByTimeAsync(500);
    expect(never()).toBe(true);
  });
});

function forgets(): void {
  throw new Error('its figures are fresh');
}

function fail(error: unknown): void {
  throw error;
}

it('shows when each was last made: never at first, and not anew while it fails', async () => {
  const measured = async () => {
    const { values } = await metricsRegistry.getSingleMetric('onceline_measured_timestamp_seconds')!.get();
    return values.find(({ labels }) => labels['work'] === 'shown')?.value;
  };
  jest.setSystemTime(1000);
  let works = true;
  const measurement = new Measurement({
    ...{ work: 'shown', everyMs: EVERY_MS },
    measure: () => (works ? Promise.resolve() : Promise.reject(new Error('no answer'))),
    forget: () => undefined,
    onFailure: () => undefined,
  });
  expect(await measured()).toBe(0);
  measurement.start();
  await jest.advanceTimersByTimeAsync(EVERY_MS);
  expect(await measured()).toBe(2);
  works = false;
  await jest.advanceTimersByTimeAsync(3 * EVERY_MS);
  expect(await measured()).toBe(2);
  await measurement.stop();
});
