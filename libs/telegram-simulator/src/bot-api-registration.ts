import { PendingStore } from './bot-api-store.js';
import { updateKinds } from './update-kinds.js';

/** Arguments of a call, as text or as JSON had them. */
export type BotApiParameters = Readonly<Record<string, unknown>>;

/** What the Bot API says: the whole JSON body; its `error_code` is also the HTTP status. */
export type BotApiAnswer =
  | { readonly ok: true; readonly result: unknown; readonly description?: string }
  | {
      readonly ok: false;
      readonly error_code: number;
      readonly description: string;
      readonly parameters?: { readonly retry_after: number };
    };

/** A webhook as it is registered. */
export interface RegisteredWebhook {
  readonly url: string;
  readonly secret: string;
  readonly maxConnections: number;
}

const minute = 60_000;
const day = 24 * 60 * minute;
/** Kinds that Telegram sends only when asked. */
const askedFor: readonly string[] = ['chat_member', 'message_reaction', 'message_reaction_count'];
const defaultKinds: readonly string[] = updateKinds.filter((kind) => !askedFor.includes(kind));
const standardConnections = 40;

const done = (description: string): BotApiAnswer => ({ ok: true, result: true, description });
const bad = (description: string): BotApiAnswer => ({
  ok: false,
  error_code: 400,
  description: `Bad Request: ${description}`,
});

/** Registration and waiting updates of one bot, as the Bot API has them. Time comes in as milliseconds since 1970. */
export class BotRegistration {
  private webhook: RegisteredWebhook | undefined;
  private kinds: readonly string[] = defaultKinds;
  private lastError: { readonly date: number; readonly message: string } | undefined;
  private lastSynchronizationError: number | undefined;
  private nextSetAt = -Infinity;
  private readonly store = new PendingStore();
  /** How often the sender was built anew, which forgets its back-off and sends again what was in flight. */
  rebuilt = 0;

  constructor(private readonly now: () => number) {}

  /** What is registered; undefined when nothing is. */
  get registered(): RegisteredWebhook | undefined {
    return this.webhook;
  }

  /** Updates come in; answers how many of them Telegram had room for. */
  pend(count: number, { bytes = 1_000, lifeMs = day }: { bytes?: number; lifeMs?: number } = {}): number {
    return this.store.push(count, bytes, this.now() + lifeMs);
  }

  /** The bot has taken the oldest ones. Shown errors stay: success does not clear them. */
  acknowledge(count: number): void {
    this.store.acknowledge(count);
  }

  /** A delivery has failed. */
  failDelivery(message: string): void {
    if (this.webhook) this.lastError = { date: Math.floor(this.now() / 1000), message };
  }

  /** Trouble between Telegram's own servers. */
  failSynchronization(): void {
    this.lastSynchronizationError = Math.floor(this.now() / 1000);
  }

  /** Somebody else registers the bot. */
  registerElsewhere(url: string): void {
    this.webhook = { url, secret: '', maxConnections: standardConnections };
    this.changed();
  }

  /** The webhook goes, as it does after a day of answers 410. What waits stays. */
  removeWebhook(): void {
    this.webhook = undefined;
    this.changed();
  }

  /** The method setWebhook. */
  setWebhook(parameters: BotApiParameters): BotApiAnswer {
    const url = textOf(parameters['url']);
    if (url === '') return this.deleteWebhook(parameters);
    // Before anything else is looked at: wrong arguments count, too.
    if (this.now() < this.nextSetAt) return tooMany(1);
    this.nextSetAt = this.now() + 1_000;
    const secret = textOf(parameters['secret_token']);
    const problem = urlProblem(url) ?? secretProblem(secret);
    if (problem !== undefined) return bad(problem);
    const kinds = kindsOf(parameters['allowed_updates'], this.kinds);
    if (kinds === undefined) return bad("can't parse allowed updates JSON array");
    if (isTrue(parameters['drop_pending_updates'])) this.store.clear();
    return this.take({ url, secret, maxConnections: connectionsOf(parameters['max_connections']) }, kinds);
  }

  /** The method deleteWebhook. Alone it loses nothing. */
  deleteWebhook(parameters: BotApiParameters = {}): BotApiAnswer {
    if (isTrue(parameters['drop_pending_updates'])) this.store.clear();
    if (!this.webhook) return done('Webhook is already deleted');
    this.removeWebhook();
    return done('Webhook was deleted');
  }

  /** The method getWebhookInfo. The secret is never shown; kinds only when they are not the default ones. */
  getWebhookInfo(): BotApiAnswer {
    const { webhook, kinds, lastError, lastSynchronizationError } = this;
    return {
      ok: true,
      result: {
        url: webhook?.url ?? '',
        has_custom_certificate: false,
        pending_update_count: this.store.pendingAt(this.now()),
        ...(webhook && lastError ? { last_error_date: lastError.date, last_error_message: lastError.message } : {}),
        ...(lastSynchronizationError === undefined
          ? {}
          : { last_synchronization_error_date: lastSynchronizationError }),
        ...(webhook ? { max_connections: webhook.maxConnections, ip_address: '203.0.113.7' } : {}),
        ...(sameKinds(kinds, defaultKinds) ? {} : { allowed_updates: kinds }),
      },
    };
  }

  private take(webhook: RegisteredWebhook, kinds: readonly string[]): BotApiAnswer {
    const same = JSON.stringify(this.webhook) === JSON.stringify(webhook) && sameKinds(this.kinds, kinds);
    if (same) return done('Webhook is already set');
    this.webhook = webhook;
    this.kinds = kinds;
    this.changed();
    return done('Webhook was set');
  }

  private changed(): void {
    this.lastError = undefined;
    this.rebuilt += 1;
  }
}

/** The answer of whoever is asked too often. */
export function tooMany(retryAfter: number): BotApiAnswer {
  const description = `Too Many Requests: retry after ${retryAfter}`;
  return { ok: false, error_code: 429, description, parameters: { retry_after: retryAfter } };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isTrue(value: unknown): boolean {
  return value === true || /^(true|yes|1)$/i.test(textOf(value));
}

function urlProblem(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return 'invalid webhook URL specified';
  if (url.protocol !== 'https:') return 'bad webhook: An HTTPS URL must be provided for webhook';
  if (!['', '443', '80', '88', '8443'].includes(url.port)) {
    return 'bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443';
  }
  return undefined;
}

function secretProblem(secret: string): string | undefined {
  if (secret.length > 256) return 'secret token is too long';
  return /^[A-Za-z0-9_-]*$/.test(secret) ? undefined : 'secret token contains unallowed characters';
}

function connectionsOf(value: unknown): number {
  const wanted = Number(value ?? standardConnections);
  return Number.isInteger(wanted) ? Math.min(100, Math.max(1, wanted)) : standardConnections;
}

/** Left out keeps the list, an empty one means the default, unknown names are passed over; undefined when it is no list. */
function kindsOf(value: unknown, before: readonly string[]): readonly string[] | undefined {
  if (value === undefined || value === '') return before;
  const list = typeof value === 'string' ? parsed(value) : value;
  if (!Array.isArray(list)) return undefined;
  const known = updateKinds.filter((kind) => list.includes(kind));
  return known.length === 0 ? defaultKinds : known;
}

function sameKinds(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((kind) => other.includes(kind));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
