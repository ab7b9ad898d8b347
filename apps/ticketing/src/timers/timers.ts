import { Measurement } from '@onceline/service-kit';
import { TIMERS, type Timer } from '../ticket/decide-for-timer.js';
import type { RunTimers } from './run-timers.js';

/** A snoozed ticket wakes within a second; whether one is closed now or in a minute is all the same. */
const EVERY_MS: Readonly<Record<Timer, number>> = { wake: 1000, close: 60_000 };

/** Looks for what is due, in every instance: whoever comes first does it. */
export class Timers {
  private readonly loops: readonly Measurement[];

  constructor(run: Pick<RunTimers, 'run'>, onFailure: (error: unknown) => void) {
    this.loops = TIMERS.map(
      (timer) =>
        new Measurement({
          work: `timer ${timer}`,
          everyMs: EVERY_MS[timer],
          measure: async () => void (await run.run(timer)),
          forget: () => undefined,
          onFailure,
        }),
    );
  }

  start(): void {
    for (const loop of this.loops) loop.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }
}
