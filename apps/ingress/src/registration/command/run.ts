import { ConfigError } from '@onceline/service-kit';
import { readWebhookConfig, type WebhookConfig } from '../../config.js';
import { BotApi } from '../bot-api.js';
import { managedBots, type ManagedBot } from '../managed-bots.js';
import { HELP, UsageError, parseOrder, type Order } from './arguments.js';
import type { CommandParts, Result } from './parts.js';
import { forEachBot, setBot, showBot } from './register.js';
import { rotateSecrets } from './rotate.js';
import { watchBots } from './watch.js';

/** Where a command speaks, and what ends it. */
export interface Surroundings {
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The whole command behind `npm run webhook`; answers the exit code. */
export async function runWebhookCommand(
  args: readonly string[],
  environment: NodeJS.ProcessEnv | undefined,
  { print, complain, signal }: Surroundings,
): Promise<number> {
  try {
    const order = parseOrder(args);
    if (order.command === 'help') {
      print(HELP);
      return 0;
    }
    const config = readWebhookConfig(environment, order.settings);
    const { line, good } = await run(order, config, { print, signal });
    print(`webhook: ${line}`);
    return good ? 0 : 1;
  } catch (error) {
    complain(wordsOf(error));
    print('webhook: failed');
    return error instanceof ConfigError ? error.exitCode : 1;
  }
}

function run(
  order: Order,
  config: WebhookConfig,
  { print, signal }: { print: (line: string) => void; signal: AbortSignal },
): Promise<Result> {
  const api = { baseUrl: config.BOT_API_URL, timeoutMs: config.BOT_API_TIMEOUT_MS, signal };
  const parts: CommandParts = {
    order,
    config,
    bots: chosen(managedBots(config), order.bots),
    api: (bot) => new BotApi(bot.token, api),
    print,
    signal,
  };
  switch (order.command) {
    case 'set':
      return forEachBot(parts, order.dryRun ? 'looked at, nothing was changed' : 'registered', (bot) =>
        setBot(parts, bot),
      );
    case 'rotate-secret':
      return rotateSecrets(parts);
    case 'watch':
      return watchBots(parts);
    default:
      return forEachBot(parts, 'registered as wanted', (bot) => showBot(parts, bot));
  }
}

/** @throws UsageError naming a bot that has no token */
function chosen(bots: readonly ManagedBot[], ids: readonly string[]): readonly ManagedBot[] {
  const missing = ids.filter((id) => !bots.some((bot) => bot.id === id));
  if (missing.length > 0) {
    const known = bots.map(({ id }) => id).join(', ');
    throw new UsageError(`--bot ${missing.join(', ')}: BOT_TOKENS has no token of it; there are ${known}`);
  }
  return ids.length === 0 ? bots : bots.filter(({ id }) => ids.includes(id));
}

/** Wrong settings and calls in plain words; a defect with its stack, which holds places in the code and no values. */
function wordsOf(error: unknown): string {
  if (error instanceof ConfigError || error instanceof UsageError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : 'failed without an error';
}
