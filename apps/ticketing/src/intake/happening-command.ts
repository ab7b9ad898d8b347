import type { TelegramUpdate } from '@onceline/contracts';
import { z } from 'zod';
import type { Happening, RecordHappening } from '../ticket/commands.js';
import type { Origin } from './message-command.js';
import { isMoment, secondText } from './person-message.js';

const user = z.looseObject({ id: z.int() });
const inChat = { date: z.int().refine(isMoment), chat: z.looseObject({ type: z.string() }) };

/** The bot's own place in a chat has changed. */
const myChatMemberSchema = z.looseObject({
  ...inChat,
  from: user,
  old_chat_member: z.looseObject({ status: z.string() }),
  new_chat_member: z.looseObject({ status: z.string() }),
});

/** Notes that Telegram itself writes into a chat. */
const serviceMessageSchema = z.looseObject({
  ...inChat,
  from: user.optional(),
  left_chat_member: user.optional(),
  message_thread_id: z.int().optional(),
  is_topic_message: z.boolean().optional(),
});

/** What an update says to have happened that nobody wrote; undefined where it says nothing that tickets have to know, or cannot be read. */
export function happeningCommand(update: TelegramUpdate, origin: Origin): RecordHappening | undefined {
  const found = happeningOf(update);
  if (!found) return undefined;
  const { scope, ...ids } = origin;
  const chatId = scope.slice(ids.botId.length + 1);
  return { type: 'record-happening', ...ids, chatId, happening: found.happening, happenedAt: secondText(found.date) };
}

interface Found {
  readonly happening: Happening;
  /** Seconds since the epoch. */
  readonly date: number;
}

function happeningOf({ kind, payload }: TelegramUpdate): Found | undefined {
  if (kind === 'my_chat_member') {
    const parsed = myChatMemberSchema.safeParse(payload);
    return parsed.success ? withDate(blocking(parsed.data), parsed.data) : undefined;
  }
  if (kind !== 'message') return undefined;
  const parsed = serviceMessageSchema.safeParse(payload);
  return parsed.success ? withDate(leaving(parsed.data) ?? topicChange(parsed.data), parsed.data) : undefined;
}

function withDate(happening: Happening | undefined, { date }: { date: number }): Found | undefined {
  return happening && { happening, date };
}

/** In a private chat the bot is a member, or the customer has blocked it. */
function blocking(change: z.infer<typeof myChatMemberSchema>): Happening | undefined {
  const [before, after] = [change.old_chat_member.status, change.new_chat_member.status];
  if (change.chat.type !== 'private' || before === after) return undefined;
  const customerId = String(change.from.id);
  if (after === 'kicked') return { type: 'bot-blocked', customerId };
  return before === 'kicked' ? { type: 'bot-unblocked', customerId } : undefined;
}

/** The note in the chat, and not `chat_member`: bots get it without being administrators, and in order with the messages. */
function leaving({ from, left_chat_member: left }: z.infer<typeof serviceMessageSchema>): Happening | undefined {
  return left && { type: 'member-left', customerId: String(left.id), wasRemoved: from?.id !== left.id };
}

function topicChange(message: z.infer<typeof serviceMessageSchema>): Happening | undefined {
  const { is_topic_message: isTopic, message_thread_id: thread } = message;
  if (isTopic !== true || thread === undefined) return undefined;
  const topicId = String(thread);
  if (message['forum_topic_closed'] !== undefined) return { type: 'topic-closed', topicId };
  return message['forum_topic_reopened'] === undefined ? undefined : { type: 'topic-reopened', topicId };
}
