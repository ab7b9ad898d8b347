import { setTimeout as delay } from 'node:timers/promises';
import { WebhookGuard, type Observation } from '../guard-webhook.js';
import type { ManagedBot } from '../managed-bots.js';
import { nearestLimit } from '../time-to-loss.js';
import { lookLine, lookRecord } from './print.js';
import type { CommandParts, Result } from './parts.js';

/** Less than this, and a person should not wait for the alert. */
const ALARMING_SECONDS = 3_600;

/** Looks at all bots again and again; the last looks decide whether the end is a good one. */
export async function watchBots(parts: CommandParts): Promise<Result> {
  const { config, order, signal, bots } = parts;
  const guards = bots.map((bot) => guardOf(parts, bot));
  const trouble = new Map<string, string>();
  let looks = 0;
  while (!signal.aborted && looks < order.looks) {
    if (looks > 0 && !(await pause(config.WEBHOOK_WATCH_INTERVAL_MS, signal))) break;
    for (const guard of guards) {
      const observation = await guard.look();
      if (signal.aborted) break;
      tell(parts, guard.bot.id, observation);
      const found = troubleOf(observation);
      if (found === undefined) trouble.delete(guard.bot.id);
      else trouble.set(guard.bot.id, found);
    }
    looks += 1;
  }
  const [first] = trouble;
  const words = `${looks} ${looks === 1 ? 'look' : 'looks'} at ${bots.length} ${bots.length === 1 ? 'bot' : 'bots'}`;
  if (first === undefined) return { line: `ok, ${words}`, good: true };
  return { line: `${words}, bot ${first[0]} at last: ${first[1]}`, good: false };
}

function guardOf({ api, config, signal }: CommandParts, bot: ManagedBot): WebhookGuard {
  return new WebhookGuard(bot, {
    api: api(bot),
    repair: config.WEBHOOK_REPAIR ?? [],
    bytesPerUpdate: () => config.WEBHOOK_UPDATE_BYTES,
    now: Date.now,
    stepAside: () => pause((Math.random() * config.WEBHOOK_WATCH_INTERVAL_MS) / 2, signal),
  });
}

function tell({ order, print }: CommandParts, botId: string, observation: Observation): void {
  const at = Date.now();
  print(order.json ? JSON.stringify(lookRecord(botId, observation, at)) : lookLine(botId, observation, at));
}

function troubleOf(observation: Observation): string | undefined {
  if ('failure' in observation) return observation.failure.message;
  const { state, failing, timeToLoss } = observation.report;
  if (state !== 'registered') return state;
  if (timeToLoss[nearestLimit(timeToLoss)] < ALARMING_SECONDS) return 'updates will be lost within the hour';
  return failing ? 'deliveries fail' : undefined;
}

/** False when it was cut short by Ctrl-C. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await delay(ms, undefined, { signal });
    return true;
  } catch (error) {
    if ((error as Error).name !== 'AbortError') throw error;
    return false;
  }
}
