import { isBotId } from '@onceline/contracts';
import { z } from 'zod';
import { botPolicySchema } from '../policy/bot-policy.js';

export const botParamsSchema = z.object({
  botId: z.string().refine(isBotId, 'must be the id of a bot, e.g. 1000001'),
});

export const policyHeadersSchema = z.object({
  'if-match': z
    .string()
    .regex(/^"\d{1,10}"$/, 'must be the ETag of the policy, e.g. "3", in its quotes')
    .transform((etag) => Number(etag.slice(1, -1)))
    .optional()
    .describe('the ETag of the policy as you have seen it: 412 when it has changed since'),
});

export const policyEntrySchema = z.object({
  botId: z.string(),
  version: z.int().describe('0: nobody has written one, so everything is at its standard; also the ETag'),
  policy: botPolicySchema,
  madeBy: z.string().nullable(),
  madeAt: z.iso.datetime().nullable().describe('RFC 3339, UTC'),
});
export type PolicyEntry = z.infer<typeof policyEntrySchema>;
