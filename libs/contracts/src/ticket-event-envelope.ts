import { z } from 'zod';

/** What every event of a ticket has. */
export const envelope = {
  eventId: z.string(),
  ticketId: z.string(),
  /** Position in the ticket's own history, from 1 without gaps. */
  version: z.int().positive(),
  /** RFC 3339 UTC. */
  occurredAt: z.string(),
  /** The update that caused the event; `command:…` where somebody asked for it over the API, `timer:…` where time did. */
  idempotencyKey: z.string(),
};

/** Who did it over the API; null where a rule did. */
export const by = z.string().nullable();
