import { z } from 'zod';

/** Value of a record in `telegram.updates.duplicates`: one refused copy and the first copy it repeats. */
export const duplicateRecordSchema = z.looseObject({
  schemaVersion: z.literal(1),
  idempotencyKey: z.string(),
  /** Position of the refused copy in `telegram.updates.raw`. */
  copy: z.looseObject({ partition: z.int(), offset: z.int(), receivedAt: z.string() }),
  /** Position of the first copy; same partition. */
  first: z.looseObject({ offset: z.int(), seenAt: z.string() }),
});

/** See {@link duplicateRecordSchema}. */
export type DuplicateRecord = z.infer<typeof duplicateRecordSchema>;
