import { readableText } from '@onceline/contracts';
import { z } from 'zod';
import { LONGEST_FIELD_TEXT } from '../ticket/custom-fields.js';

export const fieldsSchema = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .describe("custom fields that have a value; their types are in the bot's policy");

const value = z
  .union([
    z
      .string()
      .max(LONGEST_FIELD_TEXT)
      .refine((text) => readableText(text) === text, 'must be text that can be stored'),
    z.number(),
    z.boolean(),
  ])
  .nullable();

export const fieldChangesSchema = z
  .record(z.string().max(64), value)
  .describe("values of the bot's custom fields, by name: those left out stay, null removes");
