import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { UsageError } from '../access.js';
import { wholeNumberFlag } from '../whole-number-flag.js';

export const HELP = `npm run dead-letters -- COMMAND [flags]     the dead letters of the running system

  list [filter] [--status open] [--limit 20]     the newest
  groups [filter]                                by cause, the latest seen first
  show ID                                        one, with payload, headers and history
  redrive ID… | filter --reason TEXT             sends open ones to the consumer that failed
      --dry-run            asks ticketing what would happen; nothing is sent
      --canary 1,10        sizes of the first stages (none: all at once)
      --rate 50            records a second at most
      --payload-file FILE  goes out instead of the original, for a single one
      --no-wait            does not wait for the outcomes
  discard ID… | filter --reason TEXT             gives open ones up for good
  cancel REDRIVE --reason TEXT                   sends nothing more; what is left is open again
  status [REDRIVE]                               the progress of one redrive, or the latest ones

  filter: --fingerprint F (a group) --consumer C --bot ID --conversation V --class pipeline|destination --from TIME --to TIME
  --json prints the API's answer. Finds the running system by .onceline/access.json; --url http://… with the token in the
  variable RETRY_TOKEN reaches another one. Exit code 1 when a redrive stopped, or something failed again.`;

const FLAGS = {
  fingerprint: { type: 'string' },
  consumer: { type: 'string' },
  bot: { type: 'string' },
  conversation: { type: 'string' },
  class: { type: 'string' },
  status: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  limit: { type: 'string', default: '20' },
  reason: { type: 'string' },
  'dry-run': { type: 'boolean', default: false },
  canary: { type: 'string' },
  rate: { type: 'string' },
  'payload-file': { type: 'string' },
  wait: { type: 'boolean', default: true },
  json: { type: 'boolean', default: false },
  url: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const COMMANDS = ['list', 'groups', 'show', 'redrive', 'discard', 'cancel', 'status'] as const;
type Command = (typeof COMMANDS)[number];

/** What was asked for, checked as far as it can be without the API. */
export interface Order {
  readonly command: Command | 'help';
  readonly ids: readonly string[];
  /** Query of the lists; the filter of an action. */
  readonly filter: Readonly<Record<string, string>>;
  readonly limit: number;
  /** Body of the POST, where the command is an action. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly wait: boolean;
  readonly json: boolean;
  readonly url: string | undefined;
}

const FILTERS = ['fingerprint', 'consumer', 'bot', 'conversation', 'class', 'from', 'to'] as const;

/** @throws UsageError with the way out */
export function parseOrder(args: readonly string[]): Order {
  const { values, positionals } = parse(args);
  const [command, ...ids] = positionals;
  if (values.help || command === undefined) return { ...EMPTY, command: 'help' };
  if (!isCommand(command)) throw new UsageError(`${command}: give one of ${COMMANDS.join(', ')}\n\n${HELP}`);
  const given = Object.entries(values).filter(([name]) => FILTERS.includes(name as 'bot'));
  const filter = Object.fromEntries(given) as Record<string, string>;
  refuseWrongIds(command, ids);
  return {
    command,
    ids,
    filter: isList(command) && values.status !== undefined ? { ...filter, status: values.status } : filter,
    limit: wholeNumberFlag('limit', values.limit, { max: 100 }),
    body: bodyOf(command, values, { ids, filter }),
    wait: values.wait,
    json: values.json,
    url: values.url?.replace(/\/$/, ''),
  };
}

const EMPTY = { ids: [], filter: {}, limit: 20, body: {}, wait: true, json: false, url: undefined };

type Flags = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: FLAGS, allowPositionals: true, allowNegative: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${HELP}`);
  }
}

function isCommand(text: string): text is Command {
  return COMMANDS.includes(text as Command);
}

function isList(command: Command): boolean {
  return command === 'list' || command === 'groups';
}

function refuseWrongIds(command: Command, ids: readonly string[]): void {
  if ((command === 'show' || command === 'cancel') && ids.length !== 1) {
    throw new UsageError(`${command}: give one id, as in npm run dead-letters -- ${command} ID`);
  }
  if (isList(command) && ids.length > 0) throw new UsageError(`${command}: takes no ids; use show ${ids[0]}`);
}

function bodyOf(
  command: Command,
  flags: Flags,
  { ids, filter }: { ids: readonly string[]; filter: Record<string, string> },
): Record<string, unknown> {
  if (command === 'cancel') return { reason: reasonOf(flags) };
  if (command === 'discard') return { ...selection(ids, filter), reason: reasonOf(flags) };
  if (command !== 'redrive') return {};
  const payloadFile = flags['payload-file'];
  return {
    ...selection(ids, filter),
    ...(flags['dry-run'] ? { dryRun: true } : { reason: reasonOf(flags) }),
    ...(flags.canary === undefined ? {} : { canary: canarySizes(flags.canary) }),
    ...(flags.rate === undefined ? {} : { rate: positive('rate', flags.rate) }),
    ...(payloadFile === undefined ? {} : { payload: { base64: readFileSync(payloadFile).toString('base64') } }),
  };
}

function selection(ids: readonly string[], filter: Record<string, string>): Record<string, unknown> {
  const { fingerprint, ...others } = filter;
  if (ids.length > 0 && Object.keys(filter).length > 0) throw new UsageError('give ids or a filter, not both');
  if (ids.length === 1) return { id: ids[0] };
  if (ids.length > 1) return { ids };
  if (Object.keys(filter).length === 0) throw new UsageError('say which: ids, --fingerprint (a group), or a filter');
  return fingerprint !== undefined && Object.keys(others).length === 0 ? { fingerprint } : { filter };
}

function reasonOf({ reason }: Flags): string {
  if (reason === undefined || reason.trim() === '') {
    throw new UsageError('--reason: say why; it goes into the audit trail');
  }
  return reason;
}

function canarySizes(text: string): number[] {
  return text === 'none' ? [] : text.split(',').map((size) => wholeNumberFlag('canary', size.trim()));
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0)) throw new UsageError(`--${name} ${text}: give a number above 0`);
  return value;
}
