import { keyPart } from './key-part.js';

/** The 27 kinds of Bot API 10.3 (core.telegram.org/bots/api#update). Others are accepted too: see {@link parseUpdate}. */
export const UPDATE_KINDS = [
  'message',
  'edited_message',
  'channel_post',
  'edited_channel_post',
  'business_connection',
  'business_message',
  'edited_business_message',
  'deleted_business_messages',
  'guest_message',
  'stopped_message_generation',
  'message_reaction',
  'message_reaction_count',
  'inline_query',
  'chosen_inline_result',
  'callback_query',
  'shipping_query',
  'pre_checkout_query',
  'purchased_paid_media',
  'poll',
  'poll_answer',
  'my_chat_member',
  'chat_member',
  'chat_join_request',
  'chat_boost',
  'removed_chat_boost',
  'managed_bot',
  'subscription',
] as const;

/** A kind this version knows. */
export type UpdateKind = (typeof UPDATE_KINDS)[number];

const KNOWN: ReadonlySet<string> = new Set(UPDATE_KINDS);

/** True for the kinds of {@link UPDATE_KINDS}. */
export function isKnownKind(kind: string): kind is UpdateKind {
  return KNOWN.has(kind);
}

/** A JSON object whose fields are not trusted yet. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for JSON objects, false for arrays, null and scalars. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The part of an update that intake needs. */
export interface TelegramUpdate {
  /** Unique per bot, not globally; may restart lower after a quiet week. */
  readonly updateId: number;
  /** The top-level field besides `update_id`, as received; `none` when there is none. */
  readonly kind: string;
  /** The object under {@link kind}; empty when it is missing or no object. */
  readonly payload: JsonObject;
  /** Top-level fields besides `update_id` and the kind; absent when there are none, as Telegram promises. */
  readonly otherFields?: readonly string[];
}

/** Why bytes are no update. Telegram never sends such a thing. */
export interface MalformedUpdate {
  readonly malformed: string;
}

/**
 * Reads the bytes of one update. Unknown kinds and fields are accepted; only what cannot be identified is malformed.
 * With several kind fields (Telegram promises at most one) a known one wins, then the alphabetically first, so that
 * the order of fields never matters.
 */
export function parseUpdate(bytes: Buffer): TelegramUpdate | MalformedUpdate {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch {
    return { malformed: 'the body is not JSON' };
  }
  if (!isJsonObject(json)) return { malformed: 'the body is not a JSON object' };
  const updateId = json['update_id'];
  if (typeof updateId !== 'number' || !Number.isSafeInteger(updateId) || updateId < 0) {
    return { malformed: 'update_id is missing or not a non-negative integer' };
  }
  const fields = Object.keys(json).filter((field) => field !== 'update_id');
  const kind = kindOf(fields);
  const payload = json[kind];
  const update = { updateId, kind, payload: isJsonObject(payload) ? payload : {} };
  return fields.length > 1 ? { ...update, otherFields: fields.filter((field) => field !== kind) } : update;
}

/** Tells an update from its absence. */
export function isMalformed(parsed: TelegramUpdate | MalformedUpdate): parsed is MalformedUpdate {
  return 'malformed' in parsed;
}

function kindOf(fields: readonly string[]): string {
  if (fields.length <= 1) return fields[0] ?? 'none';
  return UPDATE_KINDS.find((known) => fields.includes(known)) ?? fields.toSorted()[0] ?? 'none';
}

/**
 * A kind for headers, keys and metrics: the name itself for known kinds and plain names, else an escaped one of bounded
 * length, because a kind is text from outside.
 */
export function updateKindLabel(kind: string): string {
  return keyPart(kind);
}
