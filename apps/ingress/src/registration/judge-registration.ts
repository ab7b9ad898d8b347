import { UPDATE_KINDS } from '@onceline/contracts';
import type { WantedWebhook } from './managed-bots.js';
import type { WebhookInfo } from './webhook-info.js';

/** How a registration can differ from what we want: no URL, somebody else's URL, our URL with other settings. */
export const DEVIATIONS = ['lost', 'foreign', 'drifted'] as const;
export type Deviation = (typeof DEVIATIONS)[number];

export const REGISTRATION_STATES = ['registered', ...DEVIATIONS] as const;
export type RegistrationState = (typeof REGISTRATION_STATES)[number];

/** What a look at a registration says of it. */
export interface Judgement {
  readonly state: RegistrationState;
  /** In words, without a path of a foreign address: many bots carry their token there. */
  readonly differences: readonly string[];
}

/** Left out by Telegram unless asked for (Bot API, setWebhook). */
const NOT_BY_DEFAULT: readonly string[] = ['chat_member', 'message_reaction', 'message_reaction_count'];

export function judgeRegistration(wanted: WantedWebhook, info: WebhookInfo): Judgement {
  if (info.url === '') return { state: 'lost', differences: ['no URL is registered'] };
  if (!sameAddress(info.url, wanted.url)) {
    return { state: 'foreign', differences: [`registered at ${shownOrigin(info.url)}, not at ${wanted.url}`] };
  }
  const differences = [...connectionDifference(wanted, info), ...kindDifferences(wanted, info)];
  return { state: differences.length === 0 ? 'registered' : 'drifted', differences };
}

/** Scheme, host and port of an address that is not ours; the rest may be a secret. */
export function shownOrigin(address: string): string {
  if (!URL.canParse(address)) return 'an address that cannot be read';
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}/…`;
}

function sameAddress(one: string, other: string): boolean {
  return one === other || (URL.canParse(one) && URL.canParse(other) && new URL(one).href === new URL(other).href);
}

function connectionDifference({ maxConnections }: WantedWebhook, { max_connections: found }: WebhookInfo): string[] {
  if (found === undefined || found === maxConnections) return [];
  return [`max_connections is ${found}, not ${maxConnections}`];
}

/** Telegram shows the list only when it is not the default one. */
function kindDifferences({ allowedUpdates }: WantedWebhook, { allowed_updates: shown }: WebhookInfo): string[] {
  const found = shown ?? UPDATE_KINDS.filter((kind) => !NOT_BY_DEFAULT.includes(kind));
  const lacking = allowedUpdates.filter((kind) => !found.includes(kind));
  const extra = found.filter((kind) => !(allowedUpdates as readonly string[]).includes(kind));
  return [
    ...(lacking.length === 0 ? [] : [`allowed_updates lacks ${lacking.join(', ')}`]),
    ...(extra.length === 0 ? [] : [`allowed_updates has ${extra.join(', ')} besides`]),
  ];
}
