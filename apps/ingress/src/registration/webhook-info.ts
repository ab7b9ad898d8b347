import { z } from 'zod';

const moment = z.number().int().nonnegative();

/** What getWebhookInfo answers, as far as we use it. Anything else in it is left alone. */
export const webhookInfoSchema = z.object({
  /** Empty when no webhook is registered. */
  url: z.string().max(8_192),
  pending_update_count: z.number().int().nonnegative(),
  /** Unix second of the last delivery that failed; success does not clear it. */
  last_error_date: moment.optional(),
  last_error_message: z.string().optional(),
  /** Unix second of the last trouble between Telegram's own servers. */
  last_synchronization_error_date: moment.optional(),
  max_connections: z.number().int().positive().optional(),
  /** Absent when it is the default list. */
  allowed_updates: z.array(z.string().regex(/^\w{1,64}$/)).optional(),
});

export type WebhookInfo = z.infer<typeof webhookInfoSchema>;
