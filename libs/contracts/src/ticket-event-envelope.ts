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
  /**
   * What people wrote and are called, sealed; its places in `data` are empty then (null, `''` or `[]`). Without the key, as after an erasure, it
   * stays like that. Not there where nothing is personal, and in events of before it was sealed.
   */
  sealed: z
    .object({
      /** Id of the key that opens it. */
      key: z.string(),
      /** Base64 of nonce (12 bytes), tag (16 bytes) and ciphertext by AES-256-GCM, with the event's id as associated data. */
      data: z.string(),
    })
    .optional(),
};

/** Who did it over the API; null where a rule did. */
export const by = z.string().nullable();
