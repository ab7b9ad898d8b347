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

/** A gap is shown by its ticket, filled by the update that came back, or goes on waiting for either. */
export type GapFate = 'shown' | 'filled' | 'waits';

/** What becomes of the gaps that were known before the batch, and of those that it makes. */
export function changeGaps(
  known: readonly UnmarkedGap[],
  fresh: readonly UnmarkedGap[],
  settle: (gap: UnmarkedGap) => GapFate,
): GapChanges {
  const gone = known.filter((gap) => settle(gap) !== 'waits');
  return {
    added: fresh.filter((gap) => settle(gap) === 'waits'),
    removed: gone.map(({ missing }) => missing.idempotencyKey),
  };
}
