import {
  createTelegramSimulator,
  createUpdateGenerator,
  type GeneratedUpdate,
  type SimulatorStats,
  type TelegramSimulator,
  type UpdateGenerator,
} from '@onceline/telegram-simulator';

import { UsageError, type Access } from './access.js';
import type { SimulateOptions } from './simulate-options.js';

function chooseBots(access: Access, options: SimulateOptions): Access['bots'] {
  if (options.bots > access.bots.length) {
    throw new UsageError(
      `--bots ${options.bots}: the running system knows ${access.bots.length}; give at most that, or configure more and start again`,
    );
  }
  return access.bots.slice(0, options.bots);
}

/** As many updates as asked for. They live from now on, even when an old seed dates them in the past. */
function* story(generator: UpdateGenerator, count: number, now: number): Generator<GeneratedUpdate> {
  const shift = now / 1000 - generator.startedAt;
  for (let made = 0; made < count; made++) {
    const update = generator.next();
    yield { ...update, expiresAt: update.expiresAt + shift };
  }
}

function reportProgress(simulator: TelegramSimulator, total: number, output: Output): () => void {
  const startedAt = Date.now();
  const timer = setInterval(() => {
    const { acknowledged, pending, byStatus } = simulator.stats();
    const perSecond = Math.round(acknowledged / ((Date.now() - startedAt) / 1000));
    const refusals = Object.entries(byStatus).filter(([status]) => !status.startsWith('2'));
    const trouble = refusals.map(([status, count]) => `, ${count} × ${status}`).join('');
    output.say(`simulate: ${acknowledged} of ${total} acknowledged (${perSecond}/s), ${pending} pending${trouble}`);
  }, 2000);
  return () => clearInterval(timer);
}

/** Ends a run on Ctrl-C, or when nothing at all was acknowledged for so many seconds. */
function outOfPatience(seconds: number): (stats: SimulatorStats) => boolean {
  let interrupted = false;
  let last = { acknowledged: -1, at: 0 };
  process.once('SIGINT', () => (interrupted = true));
  return ({ acknowledged, delivered }) => {
    if (acknowledged !== last.acknowledged || acknowledged === delivered) last = { acknowledged, at: Date.now() };
    return interrupted || Date.now() - last.at > seconds * 1000;
  };
}

const milliseconds = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** The last line: counts, and how long an acknowledgement took. */
function summaryLine(stats: SimulatorStats, options: SimulateOptions, seconds: number): string {
  const { acknowledged, attempts, ackLatency, duplicatesSent, duplicatesAcknowledged } = stats;
  const copies = duplicatesSent === 0 ? '' : `, ${duplicatesAcknowledged} of ${duplicatesSent} copies`;
  const repeats = attempts > stats.delivered ? `, ${attempts - stats.delivered} repeats` : '';
  const speed = `${Math.round(acknowledged / seconds)}/s`;
  return `simulate: ${acknowledged} of ${options.updates} updates acknowledged${copies}${repeats} in ${seconds.toFixed(1)} s (${speed}), ack p50 ${milliseconds(ackLatency.p50)}, p99 ${milliseconds(ackLatency.p99)}`;
}

/** Where a command's lines go: `say` for the way there, `conclude` for the one line at the end. */
export interface Output {
  say: (line: string) => void;
  conclude: (line: string) => void;
}

/** Plays Telegram at a running system; true if every update was acknowledged. */
export async function simulate(access: Access, options: SimulateOptions, output: Output): Promise<boolean> {
  const ingress = options.url ?? access.ingress;
  const bots = chooseBots(access, options).map(({ id, secret }) => ({ id, secret, url: `${ingress}/telegram/${id}` }));
  const { updates, rate, seed, kinds, chats, duplicates } = options;
  const generator = createUpdateGenerator({ seed, bots: bots.map(({ id }) => id), chatsPerBot: chats, kinds });
  const faults = { 'duplicate-in-flight': duplicates / 2, 'duplicate-later': duplicates / 2 };
  const simulator = createTelegramSimulator({ seed, bots, faults });
  output.say(`simulate: ${updates} updates for ${bots.length} bots at ${ingress}, --seed ${seed}`);
  const stopProgress = reportProgress(simulator, updates, output);
  const startedAt = Date.now();
  const stats = await simulator.run({
    updates: story(generator, updates, startedAt),
    until: outOfPatience(options.patience),
    ...(rate === undefined ? {} : { rate }),
  });
  const seconds = Math.max(0.001, (Date.now() - startedAt) / 1000);
  stopProgress();
  simulator.stop();
  const errors = bots.map(({ id }) => simulator.webhookInfo(id).last_error_message);
  const lastError = errors.find((message) => message !== undefined);
  const summary = options.json
    ? JSON.stringify({ seed, seconds, updates, lastError, ...stats })
    : summaryLine(stats, options, seconds);
  output.conclude(
    summary + (options.json || stats.acknowledged === updates ? '' : `; NOT all: ${lastError ?? 'no answer'}`),
  );
  return stats.acknowledged === updates;
}
