import {
  acceleratedClock,
  createTelegramSimulator,
  createUpdateGenerator,
  type FaultRates,
  type SimulatorStats,
} from '@onceline/telegram-simulator';
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

/** Plays Telegram until every update is acknowledged and every extra copy has been sent. */
export function sendLoad(system: System, { updates, seed, rate, faults }: Load): Promise<SimulatorStats> {
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
  return telegram
    .run({ updates: generator.take(updates), ...(rate ? { rate: rate / CLOCK_FACTOR } : {}) })
    .finally(() => telegram.stop());
}
