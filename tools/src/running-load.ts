import {
  acceleratedClock,
  createTelegramSimulator,
  createUpdateGenerator,
  type TelegramSimulator,
} from '@onceline/telegram-simulator';
import type { Access } from './access.js';

/** Telegram at work until it is told to finish. */
export interface RunningLoad {
  readonly simulator: TelegramSimulator;
  /** No new updates; resolves when every one handed over is acknowledged. */
  finish(): Promise<void>;
}

/** How quickly Telegram repeats what was not acknowledged, against the real one. */
const FASTER = 8;

/** Plays Telegram at a running system, at a pace (updates per second), with copies among them. */
export function startLoad(
  { bots, ingress }: Pick<Access, 'bots' | 'ingress'>,
  { rate, seed }: { readonly rate: number; readonly seed: number },
): RunningLoad {
  const simulator = createTelegramSimulator({
    seed,
    bots: bots.map(({ id, secret }) => ({ id, secret, url: `${ingress}/telegram/${id}` })),
    clock: acceleratedClock(FASTER),
    faults: { 'duplicate-later': 0.1, 'duplicate-in-flight': 0.05 },
  });
  const generator = createUpdateGenerator({
    seed,
    bots: bots.map(({ id }) => id),
    startedAt: Math.floor(Date.now() / 1000),
  });
  let more = true;
  function* updates(): Generator<ReturnType<typeof generator.next>> {
    while (more) yield generator.next();
  }
  const done = simulator.run({ updates: updates(), rate: rate / FASTER });
  return {
    simulator,
    finish: async () => {
      more = false;
      await done;
    },
  };
}
