import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import type { BotSettings } from '../../authenticate-bot.js';
import type { ManagedBot } from '../managed-bots.js';
import { probeDoor, type DoorAnswer } from './probe-door.js';
import { UsageError } from './arguments.js';
import { forEachBot, refusedAsForeign, register } from './register.js';
import type { CommandParts, Result } from './parts.js';

/** What Telegram has in flight carries the old secret, and it gives up on an answer after 60 s: twice that is enough. */
const OVERLAP_MS = 120_000;

/** The step that BOTS says is next. Bots in different steps cannot go together: the first one needs a roll-out. */
export async function rotateSecrets(parts: CommandParts): Promise<Result> {
  const single = parts.bots.filter(({ secrets }) => secrets.length === 1);
  if (single.length === 0)
    return forEachBot(parts, 'registered with the new secret', (bot) => switchSecret(parts, bot));
  if (single.length < parts.bots.length) {
    const ids = single.map(({ id }) => id).join(', ');
    throw new UsageError(`bots ${ids} have one secret and the others two: choose with --bot`);
  }
  return handOut(
    parts,
    withNewSecrets(
      parts.config.BOTS,
      single.map(({ id }) => id),
      newSecret,
    ),
  );
}

/** BOTS with a new secret in front for these bots: the first is the one to register, and all are accepted. */
export function withNewSecrets(
  bots: readonly BotSettings[],
  ids: readonly string[],
  make: () => string,
): readonly BotSettings[] {
  return bots.map(({ id, secrets }) => ({ id, secrets: ids.includes(id) ? [make(), ...secrets] : secrets }));
}

function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

function handOut({ order: { out }, print, bots }: CommandParts, value: readonly BotSettings[]): Result {
  const text = JSON.stringify(value);
  if (out === undefined)
    print(`The new value of BOTS, the new secret in front, the present one still accepted:\n\n${text}\n`);
  else writeNew(out, `${text}\n`);
  print(
    `Next: give ${out === undefined ? 'it' : `the value in ${out}`} to every ingress, then run this command again with it.`,
  );
  return { line: `ok, new secrets made for ${bots.length}, nothing is registered yet`, good: true };
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    throw new UsageError(`--out: ${(error as Error).message}; name a new file in a folder that is there`);
  }
}

async function switchSecret(parts: CommandParts, bot: ManagedBot): Promise<boolean> {
  const [current = ''] = bot.secrets;
  const doors = parts.order.probes.length > 0 ? parts.order.probes : [parts.config.PUBLIC_URL];
  for (const door of doors) {
    const answer = await probeDoor(door, bot.id, current);
    if (answer === 'takes-it') continue;
    parts.print(`bot ${bot.id}: ${door} ${TROUBLE[answer]}; nothing was changed`);
    return false;
  }
  if ((await refusedAsForeign(parts, bot)) || !(await register(parts, bot))) return false;
  const from = new Date(Date.now() + OVERLAP_MS).toISOString();
  parts.print(`  the new secret is registered; remove the others from BOTS, not before ${from}`);
  return true;
}

const TROUBLE: Readonly<Record<Exclude<DoorAnswer, 'takes-it'>, string>> = {
  'refuses-it': 'does not take the new secret on every replica yet: finish the roll-out of BOTS',
  'unknown-bot': 'does not know this bot on every replica: finish the roll-out of BOTS',
  silent: 'gives no answer that tells; name a door that can be reached from here with --probe',
};
