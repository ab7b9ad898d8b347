import { isKnownKind, telegramMessageSchema, type TelegramMessage, type TelegramUpdate } from '@onceline/contracts';
import type { IgnoredReason } from './ignored-reasons.js';

export type MessageSender = NonNullable<TelegramMessage['from']>;

/** What a person wrote. */
export interface PersonMessage {
  readonly message: TelegramMessage;
  readonly sender: MessageSender;
  /** When it was changed, RFC 3339 UTC; null as long as it reads as it was written. */
  readonly editedAt: string | null;
  /** Written for a business account or a channel, by its owner or somebody who works for him. */
  readonly isFromAccount: boolean;
}

export type MessageVerdict = PersonMessage | { readonly ignored: IgnoredReason } | { readonly unreadable: string };

/** Fields by which Telegram marks a message that nobody wrote (Bot API 10.3, `Message`). */
const SERVICE_FIELDS = [
  'new_chat_members',
  'left_chat_member',
  'chat_owner_left',
  'chat_owner_changed',
  'new_chat_title',
  'new_chat_photo',
  'delete_chat_photo',
  'group_chat_created',
  'supergroup_chat_created',
  'channel_chat_created',
  'message_auto_delete_timer_changed',
  'migrate_to_chat_id',
  'migrate_from_chat_id',
  'pinned_message',
  'successful_payment',
  'refunded_payment',
  'users_shared',
  'chat_shared',
  'gift',
  'unique_gift',
  'gift_upgrade_sent',
  'connected_website',
  'write_access_allowed',
  'passport_data',
  'proximity_alert_triggered',
  'boost_added',
  'chat_background_set',
  'checklist_tasks_done',
  'checklist_tasks_added',
  'direct_message_price_changed',
  'forum_topic_created',
  'forum_topic_edited',
  'forum_topic_closed',
  'forum_topic_reopened',
  'general_forum_topic_hidden',
  'general_forum_topic_unhidden',
  'giveaway_created',
  'giveaway_completed',
  'paid_message_price_changed',
  'suggested_post_approved',
  'suggested_post_approval_failed',
  'suggested_post_declined',
  'suggested_post_paid',
  'suggested_post_refunded',
  'video_chat_scheduled',
  'video_chat_started',
  'video_chat_ended',
  'video_chat_participants_invited',
  'web_app_data',
] as const;

const SUPPORTED_CHATS: ReadonlySet<string> = new Set(['private', 'group', 'supergroup']);

/** Last second that PostgreSQL and RFC 3339 both write with four digits of the year. */
const LAST_SECOND = 253_402_300_799;

/** Finds a person's message in an update, or says why there is none. */
export function personMessage(update: TelegramUpdate): MessageVerdict {
  const byKind = ignoredKind(update.kind);
  if (byKind) return { ignored: byKind };
  const parsed = telegramMessageSchema.safeParse(update.payload);
  if (!parsed.success) return { unreadable: problemOf(parsed.error) };
  const message = parsed.data;
  const editedAt = EDITS.has(update.kind) ? (message.edit_date ?? message.date) : null;
  if (!isMoment(message.date)) return { unreadable: 'date: out of range' };
  if (editedAt !== null && !isMoment(editedAt)) return { unreadable: 'edit_date: out of range' };
  const reason = ignoredMessage(message);
  if (reason) return { ignored: reason };
  const sender = senderOf(message);
  if (!sender) return { ignored: 'no-sender' };
  const customerId = customerOf(update.kind, message);
  const isFromAccount = customerId !== undefined && sender.id !== customerId;
  return { message, sender, editedAt: editedAt === null ? null : secondText(editedAt), isFromAccount };
}

/** In the direct messages of a channel its administrators write in its name: the chat is who wrote. */
function senderOf({
  from,
  sender_chat: chat,
  direct_messages_topic: direct,
}: TelegramMessage): MessageSender | undefined {
  if (!chat || !direct) return from;
  const { id, title, username } = chat;
  return { id, ...(title === undefined ? {} : { first_name: title }), ...(username === undefined ? {} : { username }) };
}

/** Where there is one only, everybody else is the account's owner or his staff. A business chat is private: its id is the customer's. */
function customerOf(kind: string, { chat, direct_messages_topic: direct }: TelegramMessage): number | undefined {
  return BUSINESS.has(kind) ? chat.id : direct?.topic_id;
}

/** RFC 3339 UTC of a moment that Telegram gives in seconds. */
export function secondText(seconds: number): string {
  return new Date(seconds * 1000).toISOString();
}

/** Whether PostgreSQL and RFC 3339 can write it. */
export function isMoment(seconds: number): boolean {
  return seconds >= 0 && seconds <= LAST_SECOND;
}

/** Kinds that bring a message once more, as it reads now. */
const EDITS: ReadonlySet<string> = new Set(['edited_message', 'edited_business_message']);
const BUSINESS: ReadonlySet<string> = new Set(['business_message', 'edited_business_message']);

function ignoredKind(kind: string): IgnoredReason | undefined {
  switch (kind) {
    case 'message':
    case 'business_message':
    case 'edited_message':
    case 'edited_business_message':
      return undefined;
    case 'edited_channel_post':
    case 'channel_post':
      return 'channel-post';
    case 'guest_message':
      return 'guest-message';
    default:
      return isKnownKind(kind) ? 'not-a-message' : 'unknown-kind';
  }
}

function ignoredMessage(message: TelegramMessage): IgnoredReason | undefined {
  if (SERVICE_FIELDS.some((field) => message[field] !== undefined)) return 'service-message';
  if (message.message_id === 0) return 'message-without-id';
  if (!SUPPORTED_CHATS.has(message.chat.type)) return 'unsupported-chat';
  // `from` is a stand-in when a chat speaks, so the chat is looked at first.
  if (message.sender_chat && !message.direct_messages_topic) return 'sender-is-chat';
  if (message.sender_chat) return undefined;
  if (!message.from) return 'no-sender';
  if (message.from.is_bot === true) return 'sender-is-bot';
  // Greetings and notes of absence, or a program that writes for the account: nobody has answered.
  if (message['is_from_offline'] === true || message['sender_business_bot'] !== undefined) return 'sent-automatically';
  return undefined;
}

/** Names the fields, never their values. */
function problemOf(error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): string {
  return error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.map(String).join('.')}: ${issue.message}`)
    .join('; ');
}
