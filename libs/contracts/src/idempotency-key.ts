import { keyPart } from './key-part.js';
import { isJsonObject, isKnownKind, type JsonObject, type TelegramUpdate, type UpdateKind } from './telegram-update.js';

/**
 * Identity of an update: `tg1:<bot id>:<kind>:<scope>:<message>:<update id>`.
 *
 * Uniqueness rests on (bot id, update id); scope and message make the key self-describing and tell an update from
 * another one that got the same number after Telegram restarted its counter. Only immutable fields go in: never names,
 * text, edit_date, arrays or anything that depends on when or how often the update came.
 *
 * @param botId from our route, never from the body
 */
export function idempotencyKey(botId: string, update: TelegramUpdate): string {
  const scope = conversationScope(update);
  return `tg1:${botId}:${keyPart(update.kind)}:${scope}:${messagePart(update)}:${update.updateId}`;
}

/**
 * Key by which records are partitioned: bot + chat, else user, else poll. A topic thread is inside its chat, so order
 * per chat holds.
 */
export function conversationKey(botId: string, update: TelegramUpdate): string {
  return `${botId}:${conversationScope(update)}`;
}

type Path = readonly string[];

interface KindRule {
  /** Where the chat id is; the scope when present. */
  readonly chat?: Path;
  /** Where the user id is, when there is no chat. */
  readonly user?: Path;
  readonly poll?: Path;
  /** Namespaces in which chat ids can coincide with ordinary chats. */
  readonly prefix?: readonly [letter: string, path: Path];
  /** Candidates for the message part, each with its letter; the first present one (and not 0) wins. */
  readonly message?: readonly (readonly [letter: string, path: Path])[];
}

const ofMessage: KindRule['message'] = [
  ['', ['message_id']],
  ['e', ['ephemeral_message_id']],
];
const inChat: KindRule = { chat: ['chat', 'id'] };
const message: KindRule = { ...inChat, message: ofMessage };
const business: KindRule = { ...message, prefix: ['b', ['business_connection_id']] };
const query: KindRule = { user: ['from', 'id'], message: [['q', ['id']]] };
const boost: KindRule = {
  ...inChat,
  message: [
    ['o', ['boost', 'boost_id']],
    ['o', ['boost_id']],
  ],
};

/** One row per kind: the source of each id (Bot API 10.3, server 10.0). */
const RULES: Readonly<Record<UpdateKind, KindRule>> = {
  message,
  edited_message: message,
  channel_post: message,
  edited_channel_post: message,
  business_connection: { user: ['user', 'id'], message: [['q', ['id']]] },
  business_message: business,
  edited_business_message: business,
  deleted_business_messages: { ...inChat, prefix: ['b', ['business_connection_id']] },
  guest_message: { ...message, prefix: ['g', ['guest_query_id']] },
  stopped_message_generation: { ...inChat, message: [['d', ['draft_id']]] },
  message_reaction: message,
  message_reaction_count: message,
  inline_query: query,
  chosen_inline_result: { user: ['from', 'id'], message: [['i', ['inline_message_id']]] },
  callback_query: {
    chat: ['message', 'chat', 'id'],
    user: ['from', 'id'],
    prefix: ['b', ['message', 'business_connection_id']],
    message: [
      ['', ['message', 'message_id']],
      ['e', ['message', 'ephemeral_message_id']],
      ['i', ['inline_message_id']],
    ],
  },
  shipping_query: query,
  pre_checkout_query: query,
  purchased_paid_media: { user: ['from', 'id'] },
  poll: { poll: ['id'] },
  poll_answer: { poll: ['poll_id'] },
  my_chat_member: inChat,
  chat_member: inChat,
  chat_join_request: { ...inChat, message: [['q', ['query_id']]] },
  chat_boost: boost,
  removed_chat_boost: boost,
  managed_bot: { user: ['user', 'id'] },
  subscription: { user: ['user', 'id'] },
};

/** Kinds of the future: the places where today's kinds keep their ids. */
const UNKNOWN_KIND: KindRule = { ...message, user: ['from', 'id'], poll: ['poll_id'] };

function ruleOf(kind: string): KindRule {
  return isKnownKind(kind) ? RULES[kind] : UNKNOWN_KIND;
}

function conversationScope({ kind, payload }: TelegramUpdate): string {
  const rule = ruleOf(kind);
  const chat = idAt(payload, rule.chat);
  if (chat !== undefined) return `${prefixOf(rule, payload)}${chat}`;
  const user = idAt(payload, rule.user);
  if (user !== undefined) return `u${user}`;
  const poll = idAt(payload, rule.poll);
  return poll === undefined ? '-' : `p${poll}`;
}

function prefixOf(rule: KindRule, payload: JsonObject): string {
  if (!rule.prefix) return '';
  const id = idAt(payload, rule.prefix[1]);
  return id === undefined ? '' : `${rule.prefix[0]}${id}/`;
}

function messagePart({ kind, payload }: TelegramUpdate): string {
  for (const [letter, path] of ruleOf(kind).message ?? []) {
    const id = idAt(payload, path);
    // 0 is no identity: scheduled and ephemeral messages have message_id 0.
    if (id !== undefined && id !== '0') return `${letter}${id}`;
  }
  return '-';
}

function idAt(payload: JsonObject, path: Path | undefined): string | undefined {
  if (!path) return undefined;
  let value: unknown = payload;
  for (const field of path) {
    if (!isJsonObject(value)) return undefined;
    value = value[field];
  }
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : undefined;
  return typeof value === 'string' && value !== '' ? keyPart(value) : undefined;
}
