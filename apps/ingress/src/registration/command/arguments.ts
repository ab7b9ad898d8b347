import { parseArgs } from 'node:util';

export const HELP = `npm run webhook -- COMMAND [flags]     the registration of the bots with Telegram

  set              registers each bot at PUBLIC_URL: current secret, all kinds of update, max_connections. Nothing that waits is
                   dropped. An address that is not ours is left alone without --replace
      --dry-run            says what would be registered
      --replace            also takes over a bot that is registered elsewhere
  show             what Telegram says, and how it differs from what we want
  rotate-secret    step 1, with one secret in BOTS: makes a second one and prints the new BOTS, for you to roll out
                   step 2, with two: asks the door whether it takes the new one, then registers it
      --out FILE           BOTS goes into a new file that only you can read, not onto the screen
      --probe URL          ask this door instead of PUBLIC_URL, e.g. one replica; may be given several times
      --replace            as above
  watch            looks again and again: waiting updates, their growth, new errors, time until Telegram drops updates
      --every SECONDS      instead of WEBHOOK_WATCH_INTERVAL_MS
      --looks N            ends after so many looks; default: Ctrl-C
      --repair LIST        what to mend without asking: lost, foreign, drifted

  --bot ID         only this bot; may be given several times. --json: one line of JSON for each bot
Reads the settings of the ingress: BOTS, BOT_TOKENS, PUBLIC_URL, WEBHOOK_…, BOT_API_… (docs/configuration.md).
Exit code 0 when every bot is registered as wanted, 1 when one is not, 78 when a setting is wrong.`;

/** The command was called in a way that cannot work; the message says what to do. */
export class UsageError extends Error {}

const FLAGS = {
  bot: { type: 'string', multiple: true },
  json: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  replace: { type: 'boolean', default: false },
  out: { type: 'string' },
  probe: { type: 'string', multiple: true },
  every: { type: 'string' },
  looks: { type: 'string' },
  repair: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const COMMANDS = ['set', 'show', 'rotate-secret', 'watch'] as const;
export type Command = (typeof COMMANDS)[number];

/** Flags that only some commands have; the others are for all. */
const FLAGS_OF: Readonly<Record<Command, readonly string[]>> = {
  set: ['dry-run', 'replace'],
  show: [],
  'rotate-secret': ['out', 'probe', 'replace'],
  watch: ['every', 'looks', 'repair'],
};
const COMMON_FLAGS = ['bot', 'json', 'help'];

export interface Order {
  readonly command: Command | 'help';
  /** Empty for all bots. */
  readonly bots: readonly string[];
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly replace: boolean;
  readonly out: string | undefined;
  readonly probes: readonly string[];
  readonly looks: number;
  /** What flags say in place of the environment, checked as the settings are. */
  readonly settings: Readonly<Record<string, string>>;
}

/** @throws UsageError */
export function parseOrder(args: readonly string[]): Order {
  const { values, positionals } = parse(args);
  const [command, ...more] = positionals;
  if (!values.help && command !== undefined && !isCommand(command)) {
    throw new UsageError(`${command}: give one of ${COMMANDS.join(', ')} (npm run webhook -- --help)`);
  }
  if (more.length > 0) throw new UsageError(`${more.join(' ')}: takes no such argument; name a bot with --bot ID`);
  const known = command !== undefined && isCommand(command) ? command : undefined;
  if (known !== undefined) refuseFlagsOfOthers(known, values);
  return {
    command: values.help || known === undefined ? 'help' : known,
    bots: values.bot ?? [],
    json: values.json,
    dryRun: values['dry-run'],
    replace: values.replace,
    out: values.out,
    probes: (values.probe ?? []).map(probeAddress),
    looks: values.looks === undefined ? Infinity : wholeNumber('looks', values.looks),
    settings: {
      ...(values.every === undefined ? {} : { WEBHOOK_WATCH_INTERVAL_MS: String(milliseconds(values.every)) }),
      ...(values.repair === undefined ? {} : { WEBHOOK_REPAIR: values.repair }),
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(/\.\s/)[0] ?? ''} (npm run webhook -- --help)`);
  }
}

function isCommand(text: string): text is Command {
  return (COMMANDS as readonly string[]).includes(text);
}

function refuseFlagsOfOthers(command: Command, values: ReturnType<typeof parse>['values']): void {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== false);
  const wrong = given.map(([name]) => name).find((name) => ![...COMMON_FLAGS, ...FLAGS_OF[command]].includes(name));
  if (wrong !== undefined) throw new UsageError(`--${wrong}: ${command} has no such flag (npm run webhook -- --help)`);
}

function wholeNumber(flag: string, text: string): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= 1) return value;
  throw new UsageError(`--${flag} ${text}: give a whole number from 1, as in --${flag} 10`);
}

function milliseconds(text: string): number {
  return wholeNumber('every', text) * 1000;
}

function probeAddress(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new UsageError(`--probe ${text}: give an http or https address, as in --probe http://10.0.0.7:8080`);
  }
  return text.replace(/\/+$/, '');
}
