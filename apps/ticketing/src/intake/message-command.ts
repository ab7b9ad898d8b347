import { createHash } from 'node:crypto';
import { readableText, type Sender, type TelegramMessage } from '@onceline/contracts';
import type { BotPolicy } from '../policy/bot-policy.js';
import type { RecordCustomerMessage, RecordStaffMessage } from '../ticket/commands.js';
import { attachmentsOf } from './attachments.js';
import { secondText, type MessageSender, type PersonMessage } from './person-message.js';

/** Of the update that asks for it. */
export interface Origin {
  readonly idempotencyKey: string;
  readonly botId: string;
  /** Bot and chat. */
  readonly scope: string;
  /** When we received it. */
  readonly occurredAt: string;
}

/** What a person's message asks for: of a customer, or of staff. In private chats everybody is a customer. */
export function messageCommand(
  found: PersonMessage,
  origin: Origin,
  policy: BotPolicy,
): RecordCustomerMessage | RecordStaffMessage {
  const { message, sender, isFromAccount } = found;
  const place = placeOf(message, origin, policy);
  const isStaff = isFromAccount || (place.isGroup && policy.isStaff(String(sender.id)));
  const { idempotencyKey, botId, occurredAt } = origin;
  const content = {
    idempotencyKey,
    botId,
    occurredAt,
    chatId: place.chatId,
    topicId: place.topicId,
    ...contentOf(found),
  };
  if (isStaff) return staffMessage(message, content, place, policy);
  return {
    ...{ type: 'record-customer-message', ...content },
    conversation: conversationIn(place, sender.id),
    isBotCommand: message.entities?.some(({ type, offset }) => type === 'bot_command' && offset === 0) ?? false,
    newTicketId: ticketIdOf(origin.idempotencyKey),
    policy: policy.conversation,
  };
}

type StaffContent = Omit<RecordStaffMessage, 'type' | 'conversation' | 'answers' | 'isNote'>;

function staffMessage(
  message: TelegramMessage,
  content: StaffContent,
  place: Place,
  policy: BotPolicy,
): RecordStaffMessage {
  const answered = answeredMessage(message);
  const author = answered?.sender_chat === undefined ? answered?.from : undefined;
  const isOfCustomer = author !== undefined && author.is_bot !== true && !policy.isStaff(String(author.id));
  const isOfOne = !place.isGroup || place.isShared;
  const { notePrefix } = policy;
  const text = content.text ?? '';
  const isNote = notePrefix !== null && text.startsWith(notePrefix);
  return {
    ...{ type: 'record-staff-message', ...content },
    text: isNote ? text.slice(notePrefix.length).trim() : content.text,
    conversation: isOfOne || isOfCustomer ? conversationIn(place, author?.id ?? 0) : null,
    answers: answered?.message_id ?? null,
    isNote,
  };
}

/** In a topic every message answers the one that began the topic, unless it answers another. */
function answeredMessage(message: TelegramMessage): TelegramMessage['reply_to_message'] {
  const { reply_to_message: answered } = message;
  const beganTopic = message.is_topic_message === true && answered?.message_id === message.message_thread_id;
  return beganTopic ? undefined : answered;
}

interface Place {
  readonly scope: string;
  readonly chatId: string;
  readonly topicId: string | null;
  readonly isGroup: boolean;
  /** All customers in it have one ticket. */
  readonly isShared: boolean;
  /** The direct messages of a channel: a topic for each user. */
  readonly isDirect: boolean;
}

function placeOf(message: TelegramMessage, { scope, botId }: Origin, policy: BotPolicy): Place {
  const chatId = scope.slice(botId.length + 1);
  const direct = message.direct_messages_topic;
  const isGroup = message.chat.type !== 'private' && !direct;
  const isShared = isGroup && policy.sharesTickets(chatId);
  return { scope, chatId, topicId: topicOf(message), isGroup, isShared, isDirect: direct !== undefined };
}

/** In a group several customers talk at once: each has a conversation, and one in each topic. In a private chat there is one in each topic. */
function conversationIn({ scope, topicId, isGroup, isShared, isDirect }: Place, customerId: number): string {
  if (isDirect) return `${scope}/d${topicId}`;
  if (!isGroup) return topicId === null ? scope : `${scope}/t${topicId}`;
  if (isShared) return `${scope}/${topicId === null ? 'general' : `t${topicId}`}`;
  return `${scope}/${topicId === null ? '' : `t${topicId}/`}c${customerId}`;
}

/** Without is_topic_message the thread id only says which message was answered. */
function topicOf(message: TelegramMessage): string | null {
  const { is_topic_message: isTopic, message_thread_id: thread, direct_messages_topic: direct } = message;
  if (direct) return String(direct.topic_id);
  return isTopic === true && thread !== undefined ? String(thread) : null;
}

function contentOf({ message, sender, editedAt }: PersonMessage) {
  const text = message.text ?? message.caption;
  return {
    sender: senderOf(sender),
    messageId: message.message_id,
    text: text === undefined ? null : readableText(text),
    attachments: attachmentsOf(message),
    mediaGroupId: message.media_group_id === undefined ? null : readableText(message.media_group_id).slice(0, 128),
    sentAt: secondText(message.date),
    editedAt,
  };
}

function senderOf({ id, first_name: first, last_name: last, username }: MessageSender): Sender {
  const name = [first, last].filter((part) => part !== undefined && part !== '').join(' ');
  return {
    id: String(id),
    name: name === '' ? null : readableText(name).slice(0, 256),
    username: username === undefined ? null : readableText(username).slice(0, 64),
  };
}

/** Made from the update that opens the ticket, so that a redo opens the same one. */
function ticketIdOf(key: string): string {
  return `t_${createHash('sha256').update(key).digest('hex').slice(0, 24)}`;
}
