import { readableText } from '@onceline/contracts';
import { z } from 'zod';

const MOST_FIELDS = 50;

/** What a field can be called, as part of a regular expression. */
export const FIELD_NAME = '[a-z][a-z0-9_-]{0,31}';

const choice = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^\u0000]*$/, 'must be text that can be stored')
  .refine((text) => readableText(text) === text, 'must be text that can be stored');

const definition = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['text', 'number', 'boolean', 'date']) }),
  z.strictObject({
    type: z.literal('choice'),
    choices: z
      .array(choice)
      .min(1)
      .max(100)
      .refine((choices) => new Set(choices).size === choices.length, 'must each be there once'),
  }),
]);

/** By name: what agents can say of a bot's tickets, beside what every ticket has. */
export const fieldDefinitionsSchema = z
  .record(
    z.string().regex(new RegExp(`^${FIELD_NAME}$`), 'must be names in small letters, e.g. order-number'),
    definition,
  )
  .refine((fields) => Object.keys(fields).length <= MOST_FIELDS, `must be ${MOST_FIELDS} at most`);
