import { z } from 'zod';
import { envelope } from './ticket-event-envelope.js';

/** What a bot promises its customers a time for. */
export const SLA_CLOCKS = ['first-response', 'next-response', 'resolution'] as const;

const promise = {
  clock: z.enum(SLA_CLOCKS),
  /** Version of the event that started the clock. */
  startedBy: z.int().positive(),
  startedAt: z.string(),
  /** When the time is used up, RFC 3339 UTC, as it was known then. */
  dueAt: z.string(),
  /** Of the time that counts. */
  targetSeconds: z.number(),
  /** Of what the bot promised. */
  slaVersion: z.int(),
};

/** Most of the time for an answer, or for the resolution, is used up. */
export const slaWarnedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('sla-warned'),
  data: z.looseObject(promise),
});

/** All of it is. */
export const slaBreachedSchema = z.looseObject({
  ...envelope,
  schemaVersion: z.literal(1),
  type: z.literal('sla-breached'),
  data: z.looseObject(promise),
});
