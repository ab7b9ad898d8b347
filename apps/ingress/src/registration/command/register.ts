import { judgeRegistration, type Judgement } from '../judge-registration.js';
import { webhookOrder, type ManagedBot } from '../managed-bots.js';
import { infoLines, infoRecord } from './print.js';
import { insist, type CommandParts, type Result } from './parts.js';

/** Does it for each bot, whatever became of the one before, and sums up. */
export async function forEachBot(
  { bots, print }: CommandParts,
  done: string,
  work: (bot: ManagedBot) => Promise<boolean>,
): Promise<Result> {
  let bad = 0;
  for (const bot of bots) {
    try {
      if (!(await work(bot))) bad += 1;
    } catch (error) {
      bad += 1;
      print(`bot ${bot.id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (bad > 0) return { line: `${bad} of ${bots.length} bots need attention`, good: false };
  return { line: `ok, ${bots.length} ${bots.length === 1 ? 'bot' : 'bots'} ${done}`, good: true };
}

/** `show`: good when the bot is registered as wanted. */
export async function showBot(parts: CommandParts, bot: ManagedBot): Promise<boolean> {
  const { state } = await tell(parts, bot);
  return state === 'registered';
}

/** `set`: registers the bot, and looks whether that is what Telegram now says. */
export async function setBot(parts: CommandParts, bot: ManagedBot): Promise<boolean> {
  if (await refusedAsForeign(parts, bot)) return false;
  if (parts.order.dryRun) {
    const shown = JSON.stringify({ ...webhookOrder(bot), secret_token: 'the first of BOTS' });
    parts.print(`bot ${bot.id}: would be registered with ${shown}`);
    return true;
  }
  return register(parts, bot);
}

/** Tells Telegram what we want. Identical arguments change nothing there, so this may be repeated. */
export async function register(parts: CommandParts, bot: ManagedBot): Promise<boolean> {
  await insist(parts, () => parts.api(bot).setWebhook(webhookOrder(bot)));
  const { state } = await tell(parts, bot);
  return state === 'registered';
}

/** A bot that answers elsewhere may be somebody's working system. */
export async function refusedAsForeign(parts: CommandParts, bot: ManagedBot): Promise<boolean> {
  const { state, differences } = judgeRegistration(
    bot.wanted,
    await insist(parts, () => parts.api(bot).getWebhookInfo()),
  );
  if (state !== 'foreign' || parts.order.replace) return false;
  parts.print(`bot ${bot.id}: ${differences.join(', ')}; nothing was changed. To take it over, repeat with --replace`);
  return true;
}

async function tell(parts: CommandParts, bot: ManagedBot): Promise<Judgement> {
  const { api, order, print } = parts;
  const info = await insist(parts, () => api(bot).getWebhookInfo());
  const judgement = judgeRegistration(bot.wanted, info);
  if (order.json) print(JSON.stringify(infoRecord(bot, info, judgement)));
  else infoLines(bot, info, judgement).forEach((line) => print(line));
  return judgement;
}
