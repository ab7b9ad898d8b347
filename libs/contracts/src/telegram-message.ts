import { z } from 'zod';

/** What ticket rules read of a Telegram message. Fields that are not listed pass through untouched. */
export const telegramMessageSchema = z.looseObject({
  message_id: z.int(),
  /** Seconds since the epoch. */
  date: z.int(),
  edit_date: z.int().optional(),
  chat: z.looseObject({ id: z.int(), type: z.string() }),
  from: z
    .looseObject({
      id: z.int(),
      is_bot: z.boolean().optional(),
      first_name: z.string().optional(),
      last_name: z.string().optional(),
      username: z.string().optional(),
    })
    .optional(),
  sender_chat: z.looseObject({ id: z.int(), title: z.string().optional(), username: z.string().optional() }).optional(),
  text: z.string().optional(),
  caption: z.string().optional(),
  entities: z.array(z.looseObject({ type: z.string(), offset: z.number() })).optional(),
  message_thread_id: z.int().optional(),
  is_topic_message: z.boolean().optional(),
  media_group_id: z.string().optional(),
  /** In the direct messages of a channel: whose they are, by the id of that user. */
  direct_messages_topic: z.looseObject({ topic_id: z.int() }).optional().catch(undefined),
  /** The message that this one answers; in a topic also the one that began it. What cannot be read is as if it were not there. */
  reply_to_message: z
    .looseObject({
      message_id: z.int(),
      from: z.looseObject({ id: z.int(), is_bot: z.boolean().optional() }).optional(),
      sender_chat: z.looseObject({ id: z.int() }).optional(),
    })
    .optional()
    .catch(undefined),
});

/** See {@link telegramMessageSchema}. */
export type TelegramMessage = z.infer<typeof telegramMessageSchema>;
