import { searchableText } from '@onceline/service-kit';
import { z } from 'zod';
import { ifMatch } from './etag.js';
import { botParamsSchema } from './policy-schemas.js';
import { idempotencyHeadersSchema } from './schemas.js';

const customerId = searchableText(64).describe('id of a user in Telegram, as tickets show it');
const time = z.iso.datetime().describe('RFC 3339, UTC');

export const customerParamsSchema = z.object({
  botId: botParamsSchema.shape.botId,
  customerId,
});

export const mergeCustomersBodySchema = z.strictObject({
  with: customerId.describe('another account of the same person, with the same bot'),
});
export const customerHeadersSchema = idempotencyHeadersSchema.extend({ 'if-match': ifMatch('customer') });

const accounts = z.array(z.string()).describe('ids of users in Telegram, in the order of the alphabet');
const recorded = { version: z.int(), by: z.string().describe('who said it'), occurredAt: time };

const customerEventSchema = z.discriminatedUnion('type', [
  z.object({
    ...recorded,
    type: z.literal('customers-merged'),
    data: z.object({ accounts, with: accounts }).describe('what was one customer before, on either side'),
  }),
  z.object({
    ...recorded,
    type: z.literal('customer-split'),
    data: z.object({ account: z.string(), from: accounts }).describe('which account has left, and those that stay one'),
  }),
]);

export const customerSchema = z.object({
  botId: z.string(),
  customerId: z.string().describe('the account by which he was asked for'),
  version: z.int().describe('of the last event that concerns him, 0 before the first; also the ETag'),
  accounts: z
    .array(
      z.object({
        customerId: z.string(),
        tickets: z.int(),
        activeTickets: z.int().describe('new, open, pending or snoozed'),
        lastOpenedAt: time.nullable(),
      }),
    )
    .describe('all that are known to be his, in the order of their ids; tickets with this bot'),
  history: z
    .array(customerEventSchema)
    .describe('who said what of his accounts and when, the latest first, 100 at most'),
});
export type CustomerEntry = z.infer<typeof customerSchema>;
