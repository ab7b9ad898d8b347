import type { RecordMissingUpdate } from '../ticket/commands.js';

/** An update that was given up while its conversation had no ticket. */
export interface UnmarkedGap {
  readonly conversation: string;
  readonly missing: RecordMissingUpdate;
}

/** What a batch changes in the gaps that no ticket shows yet. */
export interface GapChanges {
  readonly added: readonly UnmarkedGap[];
  /** Idempotency keys. */
  readonly removed: readonly string[];
}

/** The gaps that were known before the batch, and those that it makes, after it: each is asked about once, oldest first. */
export function changeGaps(
  known: readonly UnmarkedGap[],
  fresh: readonly UnmarkedGap[],
  isClosed: (gap: UnmarkedGap) => boolean,
): GapChanges {
  const closed = known.filter(isClosed);
  return {
    added: fresh.filter((gap) => !isClosed(gap)),
    removed: closed.map(({ missing }) => missing.idempotencyKey),
  };
}
