import { readableText } from '@onceline/contracts';
import { searchableText } from '@onceline/service-kit';
import { z } from 'zod';
import { FIELD_NAME } from '../policy/field-definitions.js';
import { LONGEST_FIELD_TEXT } from '../ticket/custom-fields.js';

export const fieldsSchema = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .describe("custom fields that have a value; their types are in the bot's policy");

const value = z
  .union([
    z
      .string()
      .max(LONGEST_FIELD_TEXT)
      .regex(/^[^\u0000]*$/, 'must be text that can be stored')
      .refine((text) => readableText(text) === text, 'must be text that can be stored'),
    z.number(),
    z.boolean(),
  ])
  .nullable();

export const fieldChangesSchema = z
  .record(z.string().regex(new RegExp(`^${FIELD_NAME}$`), 'must be names of fields, e.g. order-number'), value)
  .describe("values of the bot's custom fields, by name: those left out stay, null removes");

const wanted = searchableText(LONGEST_FIELD_TEXT + 64).regex(
  new RegExp(`^${FIELD_NAME}:.`, 's'),
  'must be name:value, e.g. order:A-1',
);

/** Several of them all have to be there. */
export const fieldFilterSchema = z
  .union([wanted, z.array(wanted).max(10)], { error: 'must be name:value, e.g. order:A-1, ten times at most' })
  .transform((given) => [given].flat().map(toWantedField))
  .optional()
  .describe("a value of one of the bot's custom fields, as name:value; several times: all of them");

function toWantedField(given: string): { readonly name: string; readonly text: string } {
  const colon = given.indexOf(':');
  return { name: given.slice(0, colon), text: given.slice(colon + 1) };
}
