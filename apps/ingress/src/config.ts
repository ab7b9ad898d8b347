import { isBotId } from '@onceline/contracts';
import { commonSettings, portSetting, readConfig, wholeNumber } from '@onceline/service-kit';
import { z } from 'zod';
import { MAX_SECRET_LENGTH, type BotSettings } from './authenticate-bot.js';
import { MAX_BODY_BYTES } from './decide-answer.js';
import {
  REGISTRATION_SECRETS,
  checkRegistration,
  neededSettings,
  registrationSettings,
} from './registration/settings.js';

const MIB = 1024 * 1024;
/** Telegram closes idle connections after 60 s; closing earlier races with its next request. */
const TELEGRAM_IDLE_MS = 60_000;

const bots = z
  .string()
  .transform((text, context): readonly BotSettings[] => {
    const { bots: found, problems } = parseBots(text);
    for (const message of problems) context.addIssue({ code: 'custom', message });
    return found;
  })
  .describe('a JSON list of bots, e.g. [{"id":"1000001","secrets":["current","previous"]}]');

/** Every setting of the ingress. */
export const ingressSettings = z
  .object({
    ...commonSettings,
    PORT: portSetting(8080),
    BOTS: bots,
    PRODUCE_TIMEOUT_MS: wholeNumber({
      min: 100,
      // Telegram keeps an inline query for 30 s: a later answer is worth nothing.
      max: 30_000,
      default: 5_000,
      description: 'the milliseconds the broker has to acknowledge an update before the answer is 503',
    }),
    MAX_IN_FLIGHT_REQUESTS: wholeNumber({
      min: 1,
      default: 2_000,
      description: 'the number of updates that may wait for the broker before the answer is 429',
    }),
    MAX_IN_FLIGHT_BYTES: wholeNumber({
      min: MAX_BODY_BYTES,
      default: 64 * MIB,
      description: 'the bytes of bodies that may be in memory before the answer is 429',
    }),
    RECEIVE_TIMEOUT_MS: wholeNumber({
      min: 500,
      max: 30_000,
      default: 10_000,
      description: 'the milliseconds a sender has for a whole request',
    }),
    KEEP_ALIVE_MS: wholeNumber({
      min: TELEGRAM_IDLE_MS + 1_000,
      default: 75_000,
      description: 'the milliseconds an idle connection is kept, more than the 60 s after which Telegram closes it',
    }),
    ...registrationSettings,
  })
  .superRefine(checkRegistration)
  .superRefine(({ PRODUCE_TIMEOUT_MS, SHUTDOWN_TIMEOUT_MS }, context) => {
    if (SHUTDOWN_TIMEOUT_MS > PRODUCE_TIMEOUT_MS) return;
    const message = `must be more than PRODUCE_TIMEOUT_MS (${PRODUCE_TIMEOUT_MS}), so that a stop can answer what waits for the broker`;
    context.addIssue({ code: 'custom', path: ['SHUTDOWN_TIMEOUT_MS'], message });
  });

export type IngressConfig = z.infer<typeof ingressSettings>;

/** @throws ConfigError naming every bad setting and its fix; secrets are never shown. */
export function readIngressConfig(environment: NodeJS.ProcessEnv = process.env): IngressConfig {
  return readConfig(ingressSettings, environment, { secrets: SECRETS });
}

const SECRETS = ['BOTS', ...REGISTRATION_SECRETS];

/** What the command behind `npm run webhook` reads: the ingress's own settings, here without a default of "off". */
const webhookSettings = z
  .object({ BOTS: bots, ...registrationSettings, ...neededSettings })
  .superRefine(checkRegistration);

export type WebhookConfig = z.infer<typeof webhookSettings>;

/**
 * @param instead what flags say, in place of the environment
 * @throws ConfigError as {@link readIngressConfig}
 */
export function readWebhookConfig(
  environment: NodeJS.ProcessEnv = process.env,
  instead: Readonly<Record<string, string>> = {},
): WebhookConfig {
  return readConfig(webhookSettings, { ...environment, ...instead }, { secrets: SECRETS });
}

/** Reads BOTS. Each problem names the bot by its index and says the fix, without a secret in it. */
export function parseBots(text: string): { bots: readonly BotSettings[]; problems: readonly string[] } {
  const json = parseJson(text);
  if (!Array.isArray(json) || json.length === 0)
    return { bots: [], problems: ['must be a JSON list with at least one bot'] };
  const problems: string[] = [];
  const found: BotSettings[] = [];
  for (const [index, candidate] of json.entries()) {
    const parsed = botSchema.safeParse(candidate);
    if (parsed.success) found.push(parsed.data);
    else problems.push(...parsed.error.issues.map(({ path, message }) => `${at(index, path)}: ${message}`));
  }
  return { bots: found, problems: [...problems, ...duplicateIds(json)] };
}

const botSchema = z.strictObject({
  id: z
    .string('use the bot id as text, e.g. "1000001"')
    .refine(isBotId, 'use the digits before the colon of the bot token, e.g. "1000001"'),
  secrets: z
    .array(
      z
        .string('use text')
        .regex(
          new RegExp(`^[A-Za-z0-9_-]{1,${MAX_SECRET_LENGTH}}$`),
          `use 1 to ${MAX_SECRET_LENGTH} characters of A-Z a-z 0-9 _ - (what setWebhook accepts as secret_token)`,
        ),
      'use a list of secrets, the current one first',
    )
    .min(1, 'name at least one secret: an endpoint without one takes updates from anybody'),
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function at(index: number, path: readonly PropertyKey[]): string {
  return `bot [${index}]${path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')}`;
}

function duplicateIds(bots: readonly unknown[]): string[] {
  const ids = bots.map((bot) => (typeof bot === 'object' && bot !== null && 'id' in bot ? bot.id : undefined));
  return ids.flatMap((id, index) => {
    const first = ids.indexOf(id);
    if (id === undefined || first === index) return [];
    return [`bot [${index}].id: the same bot as [${first}]; put all secrets of a bot into one list`];
  });
}
