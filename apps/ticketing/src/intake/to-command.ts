import { createHash } from 'node:crypto';
import {
  conversationKey,
  HEADERS,
  idempotencyKey,
  isBotId,
  isMalformed,
  parseUpdate,
  readableText,
  type Sender,
  type TelegramMessage,
  type TelegramUpdate,
} from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import type { RecordCustomerMessage } from '../ticket/commands.js';
import { attachmentsOf } from './attachments.js';
import { DEFAULT_POLICY } from '../ticket/policy.js';
import { customerMessage, secondText, type MessageSender } from './customer-message.js';
import { deliveryOf, type Delivery } from './delivery.js';
import type { IgnoredReason } from './ignored-reasons.js';
import { defect, permanent, type UpdateFailure } from './update-failure.js';

export type Verdict =
  | { readonly type: 'command'; readonly command: RecordCustomerMessage }
  | { readonly type: 'ignored'; readonly reason: IgnoredReason }
  | { readonly type: 'failed'; readonly failure: UpdateFailure };

/** A record with what it asks for. */
export interface ReceivedUpdate {
  readonly idempotencyKey: string;
  readonly botId: string;
  readonly updateKind: string;
  /** RFC 3339 UTC. */
  readonly receivedAt: string;
  readonly record: ConsumedRecord;
  readonly delivery: Delivery;
  readonly verdict: Verdict;
  /**
   * What the update is kept in order with, whatever becomes of its verdict. A customer's message: its conversation, so that one customer's
   * trouble does not hold up a whole group. Anything else: the key that Kafka keeps in order, which in a private chat is the same text.
   */
  readonly scope: string;
}

/** Longer keys are not ours: each of the six parts is capped. In bytes, because an index entry must fit a page. */
const MAX_KEY_BYTES = 1024;

/** Reads a record. Never throws: what cannot be read is a verdict too, so that its neighbours go on. */
export function receive(record: ConsumedRecord): ReceivedUpdate {
  try {
    return read(record);
  } catch (error) {
    return unreadable(record, defect('reading the record', error));
  }
}

function read(record: ConsumedRecord): ReceivedUpdate {
  const botId = record.headers[HEADERS.botId];
  if (botId === undefined || !isBotId(botId)) {
    return unreadable(record, permanent('missing-header', `header ${HEADERS.botId} is missing or no bot id`));
  }
  const update = parseUpdate(record.value ?? Buffer.alloc(0));
  if (isMalformed(update)) return unreadable(record, permanent('malformed-update', update.malformed));
  const key = keyOf(record, botId, update);
  const delivery = deliveryOf(record);
  if (delivery.type === 'again' && isOfAnother(key, update)) {
    return unreadable(
      record,
      permanent('another-update', `the payload is update ${update.updateId}, the key another's`),
    );
  }
  const identity = {
    idempotencyKey: key,
    botId,
    updateKind: readableText(update.kind).slice(0, 128),
    receivedAt: receivedAt(record),
    record,
    delivery,
  };
  return withScope({ ...identity, verdict: verdictOf(update, identity) });
}

function withScope(update: Omit<ReceivedUpdate, 'scope'>): ReceivedUpdate {
  const { record, verdict, idempotencyKey } = update;
  const recordScope = record.key !== null && isUsableKey(record.key) ? record.key : idempotencyKey;
  return { ...update, scope: verdict.type === 'command' ? verdict.command.conversation : recordScope };
}

function verdictOf(update: TelegramUpdate, identity: Omit<ReceivedUpdate, 'verdict' | 'scope'>): Verdict {
  const found = customerMessage(update);
  if ('ignored' in found) return { type: 'ignored', reason: found.ignored };
  if ('unreadable' in found) {
    return { type: 'failed', failure: permanent('unreadable-message', found.unreadable) };
  }
  const { message, sender, editedAt } = found;
  const scope = conversationKey(identity.botId, update);
  const text = message.text ?? message.caption;
  return {
    type: 'command',
    command: {
      type: 'record-customer-message',
      idempotencyKey: identity.idempotencyKey,
      botId: identity.botId,
      chatId: scope.slice(identity.botId.length + 1),
      conversation: conversationOf(scope, message, sender.id),
      topicId: topicOf(message),
      sender: senderOf(sender),
      messageId: message.message_id,
      text: text === undefined ? null : readableText(text),
      attachments: attachmentsOf(message),
      mediaGroupId: message.media_group_id === undefined ? null : readableText(message.media_group_id).slice(0, 128),
      isBotCommand: message.entities?.some(({ type, offset }) => type === 'bot_command' && offset === 0) ?? false,
      sentAt: secondText(message.date),
      editedAt,
      occurredAt: identity.receivedAt,
      newTicketId: ticketIdOf(identity.idempotencyKey),
      policy: DEFAULT_POLICY,
    },
  };
}

/** In a group several customers talk at once: each has a conversation, and one in each topic. */
function conversationOf(scope: string, message: TelegramMessage, customerId: number): string {
  if (message.chat.type === 'private') return scope;
  const topic = topicOf(message);
  return `${scope}/${topic === null ? '' : `t${topic}/`}c${customerId}`;
}

/** Without is_topic_message the thread id only says which message was answered. */
function topicOf({ is_topic_message: isTopic, message_thread_id: thread }: TelegramMessage): string | null {
  return isTopic === true && thread !== undefined ? String(thread) : null;
}

function senderOf({ id, first_name: first, last_name: last, username }: MessageSender): Sender {
  const name = [first, last].filter((part) => part !== undefined && part !== '').join(' ');
  return {
    id: String(id),
    name: name === '' ? null : readableText(name).slice(0, 256),
    username: username === undefined ? null : readableText(username).slice(0, 64),
  };
}

/**
 * Whether a ticket can be about the update's scope: the key of a whole group is none, since each customer in it has a conversation, and
 * neither is a key made up for an update that came without one.
 */
export function canHaveTicket({ scope, idempotencyKey }: ReceivedUpdate): boolean {
  return scope !== idempotencyKey && !/:-\d*$/.test(scope);
}

/** Made from the update that opens the ticket, so that a redo opens the same one. */
function ticketIdOf(key: string): string {
  return `t_${createHash('sha256').update(key).digest('hex').slice(0, 24)}`;
}

function keyOf(record: ConsumedRecord, botId: string, update: TelegramUpdate): string {
  const key = record.headers[HEADERS.idempotencyKey];
  return key !== undefined && isUsableKey(key) ? key : idempotencyKey(botId, update);
}

/**
 * A correction may change anything but which update it is: a payload under another's key would open a ticket for a message that is never
 * recorded under its own. Every key of ours ends in the update id.
 */
function isOfAnother(key: string, { updateId }: TelegramUpdate): boolean {
  return key.startsWith('tg1:') && !key.endsWith(`:${updateId}`);
}

/** Whether the ledger can hold a key as it is. */
export function isUsableKey(key: string): boolean {
  return key !== '' && Buffer.byteLength(key) <= MAX_KEY_BYTES && readableText(key) === key;
}

function receivedAt(record: ConsumedRecord): string {
  const candidates = [new Date(record.headers[HEADERS.receivedAt] ?? Number.NaN), new Date(record.timestamp)];
  return (candidates.find(isPlausible) ?? new Date(0)).toISOString();
}

/** Within the years that RFC 3339 and PostgreSQL write alike. */
function isPlausible(time: Date): boolean {
  return time.getTime() >= 0 && time.getTime() < Date.UTC(10_000, 0);
}

/** A record without identity is settled under its position, which never changes. */
function unreadable(record: ConsumedRecord, failure: UpdateFailure): ReceivedUpdate {
  const { headers, topic, partition, offset } = record;
  const key = headers[HEADERS.idempotencyKey];
  return withScope({
    idempotencyKey: key !== undefined && isUsableKey(key) ? key : `unidentified:${topic}:${partition}:${offset}`,
    botId: readableText(headers[HEADERS.botId] ?? '').slice(0, 128),
    updateKind: readableText(headers[HEADERS.updateKind] ?? 'none').slice(0, 128),
    receivedAt: receivedAt(record),
    record,
    delivery: deliveryOf(record),
    verdict: { type: 'failed', failure },
  });
}
