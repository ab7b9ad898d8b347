import { UPDATE_KINDS, type UpdateKind } from '@onceline/contracts';
import { WEBHOOK_PATH } from '../decide-answer.js';
import type { BotSettings } from '../authenticate-bot.js';

/** How a bot's webhook should be registered, as far as Telegram shows it again. */
export interface WantedWebhook {
  readonly url: string;
  readonly allowedUpdates: readonly UpdateKind[];
  readonly maxConnections: number;
}

/** A bot whose registration we look after. */
export interface ManagedBot {
  readonly id: string;
  readonly token: string;
  /** Accepted by the door, the one to register first. */
  readonly secrets: readonly string[];
  readonly wanted: WantedWebhook;
}

/** The arguments of setWebhook. `drop_pending_updates` is none of them: it would throw away what customers wrote. */
export interface WebhookOrder {
  readonly url: string;
  readonly secret_token: string;
  /** Always said: Telegram leaves members and reactions out unless asked, and keeps an old list when told nothing. */
  readonly allowed_updates: readonly UpdateKind[];
  readonly max_connections: number;
}

interface Settings {
  readonly BOTS: readonly BotSettings[];
  readonly BOT_TOKENS?: readonly string[] | undefined;
  readonly PUBLIC_URL?: string | undefined;
  readonly WEBHOOK_ALLOWED_UPDATES?: readonly UpdateKind[] | undefined;
  readonly WEBHOOK_MAX_CONNECTIONS: number;
}

/** The bots with a token, in the order of the tokens. None when the watch is off. */
export function managedBots(settings: Settings): readonly ManagedBot[] {
  const { BOTS, BOT_TOKENS = [], PUBLIC_URL = '' } = settings;
  return BOT_TOKENS.map((token) => {
    const id = tokenBotId(token);
    const wanted = {
      url: `${PUBLIC_URL}${WEBHOOK_PATH}${id}`,
      allowedUpdates: settings.WEBHOOK_ALLOWED_UPDATES ?? UPDATE_KINDS,
      maxConnections: settings.WEBHOOK_MAX_CONNECTIONS,
    };
    return { id, token, secrets: BOTS.find((bot) => bot.id === id)?.secrets ?? [], wanted };
  });
}

/** What to tell Telegram. Always with the current secret: a registration without one would have every update refused. */
export function webhookOrder({ id, secrets, wanted }: ManagedBot): WebhookOrder {
  const [current] = secrets;
  if (current === undefined) throw new Error(`bot ${id} has no secret`);
  return {
    url: wanted.url,
    secret_token: current,
    allowed_updates: wanted.allowedUpdates,
    max_connections: wanted.maxConnections,
  };
}

/** The id before the colon. */
export function tokenBotId(token: string): string {
  return token.slice(0, Math.max(0, token.indexOf(':')));
}
