// The command behind `npm run simulate`: plays Telegram at the running system and says how it was received.
import {
  createTelegramSimulator,
  createUpdateGenerator,
  type GeneratedUpdate,
  type SimulatorStats,
  type TelegramSimulator,
  type UpdateGenerator,
} from '@onceline/telegram-simulator';

import { readAccess, UsageError, type Access } from './access.js';
import { parseSimulateOptions, simulateHelp, type SimulateOptions } from './simulate-options.js';

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

function reportProgress(simulator: TelegramSimulator, total: number): () => void {
  const startedAt = Date.now();
  const timer = setInterval(() => {
    const { acknowledged, pending, byStatus } = simulator.stats();
    const perSecond = Math.round(acknowledged / ((Date.now() - startedAt) / 1000));
    const refusals = Object.entries(byStatus).filter(([status]) => !status.startsWith('2'));
    const trouble = refusals.map(([status, count]) => `, ${count} × ${status}`).join('');
    process.stderr.write(
      `simulate: ${acknowledged} of ${total} acknowledged (${perSecond}/s), ${pending} pending${trouble}\n`,
    );
  }, 2000);
  return () => clearInterval(timer);
}

const milliseconds = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** The last line: counts, and how long an acknowledgement took. */
function summaryLine(stats: SimulatorStats, total: number, seconds: number): string {
  const { acknowledged, attempts, ackLatency, duplicatesSent, duplicatesAcknowledged } = stats;
  const copies = duplicatesSent === 0 ? '' : `, ${duplicatesAcknowledged} of ${duplicatesSent} copies`;
  const repeats = attempts > stats.delivered ? `, ${attempts - stats.delivered} repeats` : '';
  const speed = `${Math.round(acknowledged / seconds)}/s`;
  return `simulate: ${acknowledged} of ${total} updates acknowledged${copies}${repeats} in ${seconds.toFixed(1)} s (${speed}), ack p50 ${milliseconds(ackLatency.p50)}, p99 ${milliseconds(ackLatency.p99)}`;
}

async function simulate(options: SimulateOptions): Promise<boolean> {
  const access = readAccess();
  const ingress = options.url ?? access.ingress;
  const bots = chooseBots(access, options).map(({ id, secret }) => ({ id, secret, url: `${ingress}/telegram/${id}` }));
  const { updates, rate, seed, kinds, chats, duplicates } = options;
  const generator = createUpdateGenerator({ seed, bots: bots.map(({ id }) => id), chatsPerBot: chats, kinds });
  const faults = { 'duplicate-in-flight': duplicates / 2, 'duplicate-later': duplicates / 2 };
  const simulator = createTelegramSimulator({ seed, bots, faults });
  process.stderr.write(`simulate: ${updates} updates for ${bots.length} bots at ${ingress}, --seed ${seed}\n`);
  const stopProgress = reportProgress(simulator, updates);
  const startedAt = Date.now();
  const interrupted = new Promise<void>((resolve) => process.once('SIGINT', resolve));
  const stats = await Promise.race([
    simulator.run({ updates: story(generator, updates, startedAt), ...(rate === undefined ? {} : { rate }) }),
    interrupted.then(() => simulator.stats()),
  ]);
  const seconds = Math.max(0.001, (Date.now() - startedAt) / 1000);
  stopProgress();
  simulator.stop();
  process.stdout.write(
    `${options.json ? JSON.stringify({ seed, seconds, updates, ...stats }) : summaryLine(stats, updates, seconds)}\n`,
  );
  return stats.acknowledged === updates;
}

try {
  const options = parseSimulateOptions(process.argv.slice(2), Date.now());
  if (options.help) process.stdout.write(simulateHelp);
  else process.exitCode = (await simulate(options)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`simulate: ${error.message}\n`);
  process.exitCode = 2;
}
