import { BotSender, type Attempt, type WebhookInfo } from './bot-sender.js';
import { wallClock, type Clock } from './clock.js';
import { drawFaults, type Fault, type FaultRates } from './faults.js';
import { Feeder } from './feeder.js';
import type { StoredUpdate } from './generate-updates.js';
import { Measures, type SimulatorStats } from './measures.js';
import { createRandom } from './random.js';
import { createWebhook, type SimulatedBot } from './webhook-target.js';

/** How to play Telegram. */
export interface SimulatorOptions {
  /** Fixes back-off, fault and duplicate draws. */
  seed: number;
  bots: readonly SimulatedBot[];
  /** How likely each fault is, for every update pushed without faults of its own. */
  faults?: FaultRates;
  /** Wall clock by default; see `acceleratedClock`. */
  clock?: Clock;
  /** Open connections as soon as they are wanted. By default they open step by step, as Telegram's do. */
  warm?: boolean;
  /** Called when an attempt has ended. */
  onAttempt?: (attempt: Attempt) => void;
}

/** How to run. */
export interface RunOptions {
  /** Pushed one by one while running, beside what was pushed before. */
  updates?: Iterable<StoredUpdate & { botId: string }>;
  /** Updates per second handed to Telegram, however the receiver fares. Without it: as fast as they are acknowledged. */
  rate?: number;
  /** Without a rate: the most updates pending at a time (default 5,000). */
  maxPending?: number;
  /** When to return: by default when all updates are acknowledged or dropped and all copies are sent. */
  until?: (stats: SimulatorStats) => boolean;
}

/** Telegram's side of one or more webhooks. */
export interface TelegramSimulator {
  /** Stores an update for a bot. False if Telegram would have no room for it, or has one with this id. */
  push(botId: string, update: StoredUpdate, options?: { faults?: readonly Fault[] }): boolean;
  /** Starts sending, hands over `updates`, and returns what it has come to when everything has ended. */
  run(options?: RunOptions): Promise<SimulatorStats>;
  /** Starts sending in the background; `run` does it by itself. */
  start(): void;
  /** Closes all connections. Un-acknowledged updates stay stored and are sent again after `start`. */
  stop(): void;
  /** Rebuilds the sender of one bot, or of all: everything un-acknowledged is sent again. */
  restart(botId?: string): void;
  stats(): SimulatorStats;
  webhookInfo(botId: string): WebhookInfo;
}

type Senders = Map<string, BotSender>;

function senderOf(senders: Senders, botId: string): BotSender {
  const sender = senders.get(botId);
  if (sender === undefined) throw new RangeError(`bot ${botId} is not among the simulator's bots`);
  return sender;
}

function summarise(measures: Measures, senders: Senders): SimulatorStats {
  const all = [...senders.values()];
  const sum = (read: (sender: BotSender) => number): number => all.reduce((total, sender) => total + read(sender), 0);
  const { delivered, attempts, acknowledged, refused, duplicatesSent, duplicatesAcknowledged } = measures;
  return {
    delivered,
    attempts,
    acknowledged,
    dropped: sum((sender) => sender.droppedCount),
    refused,
    pending: sum((sender) => sender.pendingCount),
    duplicatesSent,
    duplicatesAcknowledged,
    duplicatesPending: sum((sender) => sender.duplicatesPending),
    byStatus: { ...measures.byStatus },
    ackLatency: measures.ackLatency.summary(),
    deliveryLatency: measures.deliveryLatency.summary(),
  };
}

const lookEvery = 50;

/** Makes a simulator for the given bots; nothing is sent before `run` or `start`. */
export function createTelegramSimulator(options: SimulatorOptions): TelegramSimulator {
  const { bots, seed, clock = wallClock, warm = false, onAttempt = () => undefined } = options;
  const random = createRandom(seed);
  const faultDraw = random.fork('faults');
  const measures = new Measures();
  const listeners = new Set<() => void>();
  const onChange = (): void => listeners.forEach((listener) => listener());
  const senders: Senders = new Map(
    bots.map((bot) => {
      const context = { clock, random: random.fork(`sender of ${bot.id}`), measures, warm, onAttempt, onChange };
      return [bot.id, new BotSender(bot, createWebhook(bot), context)];
    }),
  );
  const pendingCount = (): number => [...senders.values()].reduce((total, sender) => total + sender.pendingCount, 0);
  const push = (botId: string, update: StoredUpdate, faults: readonly Fault[] | undefined, dueAt: number): boolean =>
    senderOf(senders, botId).push(update, [...(faults ?? drawFaults(options.faults ?? {}, faultDraw))], dueAt);
  const start = (): void => senders.forEach((sender) => sender.start());

  const run = ({ updates = [], rate, maxPending = 5000, until }: RunOptions = {}): Promise<SimulatorStats> => {
    start();
    const feeder = new Feeder(clock, {
      updates,
      rate,
      maxPending,
      pending: pendingCount,
      push: (update, dueAt) => push(update.botId, update, undefined, dueAt),
    });
    const isOver = (): boolean => feeder.isFinished && [...senders.values()].every((sender) => sender.isSettled);
    return new Promise((resolve) => {
      let callOff: () => void = () => undefined;
      const listener = (): void => {
        feeder.onRoom();
        if (isOver()) finish();
      };
      const look = (): void => {
        if (isOver() || until?.(summarise(measures, senders)) === true) finish();
        else callOff = clock.setTimer(look, lookEvery);
      };
      const finish = (): void => {
        listeners.delete(listener);
        feeder.stop();
        callOff();
        resolve(summarise(measures, senders));
      };
      listeners.add(listener);
      look();
    });
  };

  return {
    push: (botId, update, pushOptions) => push(botId, update, pushOptions?.faults, clock.now()),
    run,
    start,
    stop: () => senders.forEach((sender) => sender.stop()),
    restart: (botId) =>
      botId === undefined ? senders.forEach((sender) => sender.restart()) : senderOf(senders, botId).restart(),
    stats: () => summarise(measures, senders),
    webhookInfo: (botId) => senderOf(senders, botId).info(),
  };
}
