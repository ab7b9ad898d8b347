import { PRIORITIES, readableText } from '@onceline/contracts';
import { IANAZone } from 'luxon';
import { z } from 'zod';
import { WEEKDAYS } from './calendar.js';

const timeOfDay = (latest: RegExp, example: string) =>
  z
    .string()
    .regex(latest, `must be a time of day, e.g. '${example}'`)
    .meta({ examples: [example] });

const openingHours = z
  .strictObject({
    from: timeOfDay(/^([01]\d|2[0-3]):[0-5]\d$/, '09:00'),
    to: timeOfDay(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, '17:30'),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be later than from' });

const dayHours = z
  .array(openingHours)
  .max(12)
  .refine(
    (day) => day.every(({ from }, index) => index === 0 || (day[index - 1]?.to ?? '') <= from),
    'must be in the order of the day, without overlap',
  );

const week = z
  .strictObject(Object.fromEntries(WEEKDAYS.map((day) => [day, dayHours.optional()])))
  .refine((days) => Object.values(days).some((day) => (day?.length ?? 0) > 0), 'must be open at some time of the week');

export const businessHoursSchema = z.strictObject({
  timeZone: z
    .string()
    .max(64)
    .refine((name) => IANAZone.isValidZone(name), "must be the IANA name of a time zone, e.g. 'Europe/Berlin'")
    .meta({ examples: ['Europe/Berlin'] }),
  week: week.describe('hours of each day, e.g. {"monday": [{"from": "09:00", "to": "17:00"}]}; days left out are free'),
  holidays: z
    .array(z.iso.date())
    .max(1000)
    .default([])
    .describe('dates there on which nobody works, e.g. "2026-12-25"'),
});

const minutes = (of: string) =>
  z
    .number()
    .positive()
    .max(525_600)
    .nullable()
    .default(null)
    .describe(`minutes that count until ${of}; null: no target`);

const targetsSchema = z.strictObject({
  priority: z.enum(PRIORITIES).optional().describe('only tickets of this priority'),
  tag: z
    .string()
    .min(1)
    .max(64)
    .regex(/^[^\u0000]*$/, 'must be text that can be stored')
    .refine((value) => readableText(value) === value, 'must be text that can be stored')
    .optional()
    .describe('only tickets with this tag'),
  firstResponseMinutes: minutes('the first answer'),
  nextResponseMinutes: minutes('each further answer'),
  resolutionMinutes: minutes('the resolution'),
});

/** PostgreSQL has no year 0, and takes no more digits of a second than some. */
export const momentSchema = z.iso
  .datetime()
  .refine((text) => !text.startsWith('0000'), 'must be a year from 1')
  .transform((text) => new Date(text).toISOString());

const settings = {
  businessHours: businessHoursSchema.nullable().default(null).describe('time that counts; null: around the clock'),
  targets: z
    .array(targetsSchema)
    .max(100)
    .default([])
    .describe('the first one that fits the ticket, as it is while its clock runs, holds'),
  pauseWhile: z
    .array(z.enum(['pending', 'snoozed']))
    .max(2)
    .default(['pending'])
    .describe('what a ticket is while its clocks stand still'),
  warnAtPercent: z
    .number()
    .min(1)
    .max(99)
    .default(80)
    .describe('share of a target after which a warning is among the events'),
  appliesFrom: z
    .union([z.literal('always'), momentSchema])
    .optional()
    .describe(
      'clocks that start from then on are judged by it; "always": all, which computes history anew; left out: from now on',
    ),
};

/** What a bot promises its customers, as administrators write it. */
export const slaDocumentSchema = z.strictObject(settings);

/** The same as it was stored, maybe by a newer version with settings that this one does not know. */
export const storedSlaSchema = z.object({ ...settings, appliesFrom: settings.appliesFrom.unwrap() });

export type SlaTargets = z.infer<typeof targetsSchema>;
export type SlaDocument = z.infer<typeof storedSlaSchema>;
