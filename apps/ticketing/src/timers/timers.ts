import { Measurement } from '@onceline/service-kit';
import { TIMERS, type Timer } from '../ticket/decide-for-timer.js';
import type { KeepSla } from '../sla/keep-sla.js';
import type { RunTimers } from './run-timers.js';

/** A snoozed ticket wakes within a second; whether one is closed now or in a minute is all the same. */
const EVERY_MS: Readonly<Record<Timer, number>> = { wake: 1000, close: 60_000 };
/** Clocks are that much behind their tickets, at most. */
const SLA_EVERY_MS = 1000;

export interface TimedWork {
  readonly run: Pick<RunTimers, 'run'>;
  readonly sla: Pick<KeepSla, 'run'>;
}

/** Looks for what is due, in every instance: whoever comes first does it. */
export class Timers {
  private readonly loops: readonly Measurement[];

  constructor({ run, sla }: TimedWork, onFailure: (error: unknown) => void) {
    const loop = (work: string, everyMs: number, measure: () => Promise<void>) =>
      new Measurement({ work, everyMs, measure, forget: () => undefined, onFailure });
    this.loops = [
      ...TIMERS.map((timer) => loop(`timer ${timer}`, EVERY_MS[timer], async () => void (await run.run(timer)))),
      loop('clocks', SLA_EVERY_MS, () => sla.run()),
    ];
  }

  start(): void {
    for (const loop of this.loops) loop.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }
}
