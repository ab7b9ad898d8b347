import { PRIORITIES } from '@onceline/contracts';
import { searchableText } from '@onceline/service-kit';
import { IANAZone } from 'luxon';
import { z } from 'zod';
import { CLOCK_KINDS, STANDINGS } from '../sla/clock.js';
import { CLOCK_STATES } from '../sla/measure.js';
import { momentSchema, slaDocumentSchema } from '../sla/sla-document.js';
import { ifMatch } from './etag.js';
import { ticketParamsSchema } from './schemas.js';

const time = z.iso.datetime().describe('RFC 3339, UTC');

export const slaHeadersSchema = z.object({ 'if-match': ifMatch('promise') });

export const slaEntrySchema = z.object({
  botId: z.string(),
  version: z.int().describe('0: nothing is promised; also the ETag'),
  sla: slaDocumentSchema,
  madeBy: z.string().nullable(),
  madeAt: time.nullable(),
});
export type SlaEntry = z.infer<typeof slaEntrySchema>;

export const slaVersionsSchema = z.object({ items: z.array(slaEntrySchema).describe('the latest first') });

export const figureParamsSchema = ticketParamsSchema.extend({ figure: z.enum(CLOCK_KINDS) });

const intervalSchema = z.object({
  from: time,
  to: time.nullable().describe('null while it goes on'),
  standing: z.enum(STANDINGS).describe('what the ticket was'),
  version: z.int().describe('version of the event that began it'),
  counts: z.boolean(),
  why: z.string(),
  countedSeconds: z.number(),
  parts: z.array(z.object({ from: time, to: time })).describe('where business hours cut it, the first 100 parts'),
});

export const figureSchema = z.object({
  figure: z.enum(CLOCK_KINDS),
  state: z.enum(CLOCK_STATES),
  startedAt: time,
  startedBy: z.int().describe('version of the event that started it'),
  endedAt: time.nullable(),
  endedBy: z.int().nullable(),
  elapsedSeconds: z.number().describe('that count'),
  targetSeconds: z.number().nullable(),
  dueAt: time.nullable().describe('null without a target, while it stands still, and when it ended in time'),
  slaVersion: z.int().describe('of what the bot promised; 0: nothing'),
  rule: z.int().nullable().describe('which of its targets, from 0'),
});
export const figuresSchema = z.object({
  items: z.array(figureSchema).describe('answers in their order, then the resolution'),
});
export type Figures = z.infer<typeof figuresSchema>;

export const explanationSchema = z.object({
  figures: z
    .array(figureSchema.extend({ intervals: z.array(intervalSchema) }))
    .describe('one; of further answers each'),
  events: z
    .array(z.looseObject({ type: z.string(), version: z.int() }))
    .describe('that the figures were made of, as published: what is personal in them is sealed'),
});
export type Explanation = z.infer<typeof explanationSchema>;

/** To PostgreSQL `+05:30` is in the west. */
const isNameOfZone = (name: string) => /^[A-Za-z]/.test(name) && IANAZone.isValidZone(name);

export const reportQuerySchema = z.strictObject({
  from: momentSchema.describe('clocks that ended from then on'),
  to: momentSchema.describe('and before then'),
  by: z.enum(['day', 'team', 'agent', 'bot', 'priority']).default('bot'),
  figure: z.enum(CLOCK_KINDS).optional(),
  bot: searchableText(64).optional(),
  team: searchableText(64).optional(),
  agent: searchableText(64).optional().describe('whose work the ticket was when the clock ended'),
  priority: z.enum(PRIORITIES).optional(),
  timeZone: z
    .string()
    .max(64)
    .refine(isNameOfZone, "must be the IANA name of a time zone, e.g. 'Europe/Berlin'")
    .default('UTC')
    .describe('in which days begin'),
});
export type ReportQuery = z.infer<typeof reportQuerySchema>;

const seconds = z.number().nullable();
export const reportSchema = z.object({
  items: z.array(
    z.object({
      group: z.string().nullable().describe('day, team, agent, bot or priority; null: nobody had it'),
      figure: z.enum(CLOCK_KINDS),
      count: z.int().describe('clocks that ended, but for answers that nobody owed any more'),
      p50Seconds: seconds,
      p90Seconds: seconds,
      p99Seconds: seconds,
      withTarget: z.int(),
      met: z.int(),
      breached: z.int(),
      attainment: z.number().nullable().describe('share of those with a target that met it, 0 to 1'),
    }),
  ),
});
export type Report = z.infer<typeof reportSchema>;
