import { setTimeout as sleep } from 'node:timers/promises';

/** How long and how often to ask. */
export interface EventuallyOptions {
  /** Default 30 s: specs share busy machines, and a longer limit costs nothing while they pass. */
  readonly withinMs?: number;
  /** Default 50 ms. */
  readonly everyMs?: number;
}

/**
 * Calls until it neither throws nor answers `false`, and answers what it returned. When the time is over the last
 * failure is thrown, so that a spec reads as the assertion that it waited for.
 */
export async function eventually<T>(assertion: () => T | Promise<T>, options: EventuallyOptions = {}): Promise<T> {
  const { withinMs = 30_000, everyMs = 50 } = options;
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      const answer = await assertion();
      if (answer === false) throw new Error(`Still false after ${withinMs} ms: ${assertion.toString()}`);
      return answer;
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await sleep(everyMs);
  }
}
