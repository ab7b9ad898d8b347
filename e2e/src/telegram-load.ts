import {
  acceleratedClock,
  createTelegramSimulator,
  createUpdateGenerator,
  type FaultRates,
  type SimulatorStats,
} from '@onceline/telegram-simulator';
import { eventually } from '@onceline/testing';
import type { System } from '@onceline/tools';

/** What Telegram is to send. */
export interface Load {
  readonly updates: number;
  /** Differs from spec to spec: the same seed would send the same updates again. */
  readonly seed: number;
  /** Updates per second; as fast as they are acknowledged when absent. */
  readonly rate?: number;
  readonly faults?: FaultRates;
}

/** Telegram's clock runs faster here, so that its back-off after an outage costs seconds instead of minutes. */
const CLOCK_FACTOR = 8;

/** Without the kinds that Telegram itself drops after seconds (queries, button presses): nothing may be missing here. */
const LASTING_KINDS = {
  message: 860,
  edited_message: 60,
  message_reaction: 30,
  my_chat_member: 20,
  business_message: 20,
  channel_post: 10,
  poll: 5,
};

/** Telegram while it sends. */
export interface RunningLoad {
  readonly finished: Promise<SimulatorStats>;
  stats(): SimulatorStats;
  /** Resolves in the middle of it. @throws when all is acknowledged already: what comes then hits nothing. */
  underWay(): Promise<void>;
}

/** So many acknowledged updates say that a load flows. */
const FLOWING = 50;

/** Plays Telegram until every update is acknowledged and every extra copy has been sent. */
export function startLoad(system: System, { updates, seed, rate, faults }: Load): RunningLoad {
  const { bots, ingress } = system.access();
  const telegram = createTelegramSimulator({
    seed,
    bots: bots.map(({ id, secret }) => ({ id, secret, url: `${ingress}/telegram/${id}` })),
    clock: acceleratedClock(CLOCK_FACTOR),
    ...(faults ? { faults } : {}),
  });
  const generator = createUpdateGenerator({
    seed,
    bots: bots.map(({ id }) => id),
    chatsPerBot: 60,
    kinds: LASTING_KINDS,
    startedAt: Math.floor(Date.now() / 1000),
  });
  const finished = telegram
    .run({ updates: generator.take(updates), ...(rate ? { rate: rate / CLOCK_FACTOR } : {}) })
    .finally(() => telegram.stop());
  const underWay = async () => {
    await eventually(() => telegram.stats().acknowledged >= FLOWING, { withinMs: 30_000 });
    const { acknowledged } = telegram.stats();
    if (acknowledged >= updates) throw new Error(`the load was over too early: ${acknowledged} of ${updates}`);
  };
  return { finished, stats: () => telegram.stats(), underWay };
}

/** {@link startLoad} to its end. */
export function sendLoad(system: System, load: Load): Promise<SimulatorStats> {
  return startLoad(system, load).finished;
}
