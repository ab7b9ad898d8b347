import { UPDATE_KINDS, isKnownKind, type UpdateKind } from '@onceline/contracts';
import { wholeNumber } from '@onceline/service-kit';
import { z } from 'zod';
import { DEVIATIONS, type Deviation } from './judge-registration.js';
import { tokenBotId } from './managed-bots.js';

/** Telegram delivers to these only. */
const PORTS = ['', '443', '80', '88', '8443'];

/** As BotFather gives it: the bot's id, a colon, and what must stay secret. */
const TOKEN = /^\d{1,20}:[A-Za-z0-9_-]{20,100}$/;

const tokens = z
  .string()
  .transform((text, context): readonly string[] => {
    const found = listed(text);
    for (const message of tokenProblems(found)) context.addIssue({ code: 'custom', message });
    return found;
  })
  .describe('a comma-separated list of bot tokens, each of a bot in BOTS');

const publicUrl = z
  .string()
  .transform((text, context): string => {
    const problem = publicUrlProblem(text);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    return text.replace(/\/+$/, '');
  })
  .describe('the https address under which Telegram reaches the ingress, e.g. https://support.example.com');

const allowedUpdates = z
  .string()
  .transform((text, context): readonly UpdateKind[] => {
    const names = listed(text);
    const unknown = names.filter((name) => !isKnownKind(name));
    if (unknown.length > 0) context.addIssue({ code: 'custom', message: `there is no kind ${unknown.join(', ')}` });
    if (names.length === 0) context.addIssue({ code: 'custom', message: 'must name at least one kind' });
    return UPDATE_KINDS.filter((kind) => names.includes(kind));
  })
  .optional()
  .describe(`a comma-separated list of the kinds of update to ask for; unset asks for all ${UPDATE_KINDS.length}`);

const repair = z
  .string()
  .transform((text, context): readonly Deviation[] => {
    const names = listed(text);
    const wrong = names.filter((name) => !(DEVIATIONS as readonly string[]).includes(name));
    if (wrong.length > 0 || names.length === 0) {
      context.addIssue({ code: 'custom', message: `must be some of ${DEVIATIONS.join(', ')}` });
    }
    return DEVIATIONS.filter((deviation) => names.includes(deviation));
  })
  .optional()
  .describe(`a comma-separated list of what the watch mends by itself: ${DEVIATIONS.join(', ')}; unset mends nothing`);

const apiUrl = z
  .string()
  .refine(isPlainHttpAddress, 'must be an http or https address without user, query and fragment')
  .transform((text) => text.replace(/\/+$/, ''))
  .prefault('https://api.telegram.org')
  .describe("the address of the Bot API, Telegram's or that of a server of your own");

/** What there is no watch without, and what the command behind `npm run webhook` needs. */
export const neededSettings = { BOT_TOKENS: tokens, PUBLIC_URL: publicUrl };

/** What the webhook watch reads. */
export const registrationSettings = {
  BOT_TOKENS: tokens.optional().describe(`${tokens.description}; unset turns the webhook watch off`),
  PUBLIC_URL: publicUrl.optional().describe(publicUrl.description ?? ''),
  WEBHOOK_ALLOWED_UPDATES: allowedUpdates,
  WEBHOOK_MAX_CONNECTIONS: wholeNumber({
    min: 1,
    max: 100,
    default: 40,
    description: 'the connections that Telegram may open for one bot',
  }),
  WEBHOOK_WATCH_INTERVAL_MS: wholeNumber({
    min: 1_000,
    max: 600_000,
    default: 30_000,
    description: 'the milliseconds between two looks at the registration of a bot',
  }),
  WEBHOOK_REPAIR: repair,
  WEBHOOK_UPDATE_BYTES: wholeNumber({
    min: 1,
    max: 524_288,
    default: 2_048,
    description: 'the bytes of an average update, to estimate how full Telegram is before any has been seen',
  }),
  BOT_API_URL: apiUrl,
  BOT_API_TIMEOUT_MS: wholeNumber({
    min: 100,
    max: 60_000,
    default: 10_000,
    description: 'the milliseconds that the Bot API has for an answer',
  }),
};

/** Settings whose values no error may show. */
export const REGISTRATION_SECRETS = ['BOT_TOKENS'];

interface Checked {
  readonly BOTS: readonly { readonly id: string }[];
  readonly BOT_TOKENS?: readonly string[] | undefined;
  readonly PUBLIC_URL?: string | undefined;
}

/** What no setting can tell alone; for `superRefine`. */
export function checkRegistration({ BOTS, BOT_TOKENS, PUBLIC_URL }: Checked, context: z.RefinementCtx): void {
  if (BOT_TOKENS === undefined) return;
  if (PUBLIC_URL === undefined) {
    const message = 'it is needed with BOT_TOKENS, to tell our registration from a foreign one';
    context.addIssue({ code: 'custom', path: ['PUBLIC_URL'], message });
  }
  for (const [index, token] of BOT_TOKENS.entries()) {
    const id = tokenBotId(token);
    // What is no token has been told by its index; nothing of it may be shown.
    if (!TOKEN.test(token) || BOTS.some((bot) => bot.id === id)) continue;
    const message = `token [${index}] is that of bot ${id}, which BOTS does not name`;
    context.addIssue({ code: 'custom', path: ['BOT_TOKENS'], message });
  }
}

function listed(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

/** By index: a wrong token may be a right one with a typing error. */
function tokenProblems(found: readonly string[]): string[] {
  if (found.length === 0) return ['must name at least one token'];
  const ids = found.map(tokenBotId);
  return ids.flatMap((id, index) => {
    if (!TOKEN.test(found[index] ?? '')) {
      return [`token [${index}]: must be the token as BotFather gave it, digits, a colon and letters`];
    }
    const first = ids.indexOf(id);
    return first === index ? [] : [`token [${index}]: the same bot as [${first}]; keep the one that is valid`];
  });
}

function publicUrlProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') return 'must be an https address';
  if (!isPlainHttpAddress(text)) return 'must have no user, query and fragment';
  if (!PORTS.includes(url.port)) return 'must have port 443, 80, 88 or 8443: Telegram delivers to no other';
  if (url.hostname.startsWith('[')) return 'must be a name or an IPv4 address: Telegram has no IPv6';
  return undefined;
}

function isPlainHttpAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && `${username}${password}${search}${hash}` === '';
}
