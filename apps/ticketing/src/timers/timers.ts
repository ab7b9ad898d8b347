import { Measurement } from '@onceline/service-kit';
import type { KeepRetention } from '../privacy/keep-retention.js';
import type { FollowWords } from '../search/follow-words.js';
import type { KeepSla } from '../sla/keep-sla.js';
import { TIMERS, type Timer } from '../ticket/decide-for-timer.js';
import type { RunAssignment } from './run-assignment.js';
import type { RunTimers } from './run-timers.js';

/** A snoozed ticket wakes within a second; whether one is closed now or in a minute is all the same. */
const EVERY_MS: Readonly<Record<Timer, number>> = { wake: 1000, close: 60_000 };
/** A new ticket that nobody has does not wait long for the agent who is free. */
const ASSIGNS_EVERY_MS = 1000;
/** Clocks and words are that much behind the events, where there is no backlog. */
const FOLLOWS_EVERY_MS = 1000;
/** What is kept for days may be kept for minutes more. */
const ERASES_EVERY_MS = 300_000;

export interface TimedWork {
  readonly timers: Pick<RunTimers, 'run'>;
  readonly assignment: Pick<RunAssignment, 'run'>;
  readonly sla: Pick<KeepSla, 'run'>;
  readonly words: Pick<FollowWords, 'run'>;
  readonly retention: Pick<KeepRetention, 'run'>;
}

/** Looks for what is due, in every instance: whoever comes first does it. */
export class Timers {
  private readonly loops: readonly Measurement[];

  constructor({ timers, assignment, sla, words, retention }: TimedWork, onFailure: (error: unknown) => void) {
    const loop = (work: string, everyMs: number, run: () => Promise<unknown>) =>
      new Measurement({ work, everyMs, measure: async () => void (await run()), forget: () => undefined, onFailure });
    this.loops = [
      ...TIMERS.map((timer) => loop(`timer ${timer}`, EVERY_MS[timer], () => timers.run(timer))),
      loop('assignment', ASSIGNS_EVERY_MS, () => assignment.run()),
      loop('clocks', FOLLOWS_EVERY_MS, () => sla.run()),
      loop('words', FOLLOWS_EVERY_MS, () => words.run()),
      loop('retention', ERASES_EVERY_MS, () => retention.run()),
    ];
  }

  start(): void {
    for (const loop of this.loops) loop.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }
}
