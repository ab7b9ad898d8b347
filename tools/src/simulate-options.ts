import { parseArgs } from 'node:util';
import { defaultKinds, updateKinds, type KindMix } from '@onceline/telegram-simulator';
import { UsageError } from './access.js';
import { wholeNumberFlag } from './whole-number-flag.js';

/** What `npm run simulate` was asked for. */
export interface SimulateOptions {
  updates: number;
  /** Per second; undefined means as fast as acknowledged. */
  rate: number | undefined;
  bots: number;
  chats: number;
  duplicates: number;
  kinds: KindMix;
  seed: number;
  /** Seconds without a single acknowledgement after which the run gives up. */
  patience: number;
  url: string | undefined;
  json: boolean;
  help: boolean;
}

export const simulateHelp = `npm run simulate -- [flags]     plays Telegram at the running system

  --updates 20000        how many updates
  --rate 500             updates per second; default: as fast as they are acknowledged
  --bots 3               how many of the configured bots get them
  --chats 500            chats per bot
  --duplicates 0.2       share of the updates posted again as byte-identical copies, half at the same moment, half later
  --kinds message,poll   only these kinds; a weight may follow (message=9,poll=1). Default: what a support bot sees
                         future_… stands for a kind nobody knows yet
  --seed 1               the same seed sends the very same updates again (all duplicates then); default: the time, printed
  --patience 120         seconds without a single acknowledgement after which the run gives up
  --url http://…         another ingress than the running one; the bots and secrets are still those of .onceline/access.json
  --json                 one line of JSON instead of the summary
  --help                 this text
`;

const flags = {
  updates: { type: 'string', default: '20000' },
  rate: { type: 'string' },
  bots: { type: 'string', default: '3' },
  chats: { type: 'string', default: '500' },
  duplicates: { type: 'string', default: '0' },
  kinds: { type: 'string' },
  seed: { type: 'string' },
  patience: { type: 'string', default: '120' },
  url: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function positive(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0) || value > 1_000_000)
    throw new UsageError(`--${name} ${text}: give a number above 0, as in --${name} 500`);
  return value;
}

function share(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1))
    throw new UsageError(`--${name} ${text}: give a share from 0 to 1, as in --${name} 0.2`);
  return value;
}

function kindMix(text: string | undefined): KindMix {
  if (text === undefined) return defaultKinds;
  const entries = text.split(',').map((part): [string, number] => {
    const [kind = '', weight = '1'] = part.trim().split('=');
    if (!(updateKinds as readonly string[]).includes(kind) && !/^future_\w+$/.test(kind)) {
      throw new UsageError(
        `--kinds ${kind}: no such kind of update; there are ${updateKinds.join(', ')}, and future_… for one not yet known`,
      );
    }
    return [kind, positive('kinds', weight)];
  });
  return Object.fromEntries(entries);
}

function ingressUrl(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new UsageError(`--url ${text}: give an http or https address, as in --url http://127.0.0.1:8080`);
  }
  return text.replace(/\/$/, '');
}

function parseFlags(args: string[]) {
  try {
    return parseArgs({ args, options: flags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(
      `${(error as Error).message.split(/\.\s/)[0] ?? 'bad flag'} (npm run simulate -- --help lists the flags)`,
    );
  }
}

/** Reads the command line; the time (unix milliseconds) is the seed if none is given. */
export function parseSimulateOptions(args: string[], now: number): SimulateOptions {
  const values = parseFlags(args);
  return {
    updates: wholeNumberFlag('updates', values.updates, { max: 100_000_000 }),
    rate: values.rate === undefined ? undefined : positive('rate', values.rate),
    bots: wholeNumberFlag('bots', values.bots, { max: 1000 }),
    chats: wholeNumberFlag('chats', values.chats, { max: 1_000_000 }),
    duplicates: share('duplicates', values.duplicates),
    kinds: kindMix(values.kinds),
    seed: values.seed === undefined ? Math.floor(now / 1000) : wholeNumberFlag('seed', values.seed, { min: 0 }),
    patience: positive('patience', values.patience),
    url: ingressUrl(values.url),
    json: values.json,
    help: values.help,
  };
}
