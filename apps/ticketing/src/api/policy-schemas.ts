import { isBotId } from '@onceline/contracts';
import { z } from 'zod';
import { ifMatch } from './etag.js';
import { botPolicySchema } from '../policy/bot-policy.js';

const NO_BOT = 'must be the id of a bot, e.g. 1000001';

export const botParamsSchema = z.object({
  botId: z
    .string()
    // As a pattern it is in the description of the API as well.
    .regex(/^[0-9]{1,20}$/, NO_BOT)
    .refine(isBotId, NO_BOT),
});

export const policyHeadersSchema = z.object({ 'if-match': ifMatch('policy') });

export const policyEntrySchema = z.object({
  botId: z.string(),
  version: z.int().describe('0: nobody has written one, so everything is at its standard; also the ETag'),
  policy: botPolicySchema,
  madeBy: z.string().nullable(),
  madeAt: z.iso.datetime().nullable().describe('RFC 3339, UTC'),
});
export type PolicyEntry = z.infer<typeof policyEntrySchema>;
