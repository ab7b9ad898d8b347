/** What the ledger says of an update, as far as a redrive cares. */
export interface LedgerAnswer {
  readonly outcome: string;
  readonly ticketId: string | null;
}

export type Verdict =
  | { readonly type: 'wait' }
  | { readonly type: 'redriven'; readonly outcome: string; readonly ticketId: string | null }
  /** Somebody discarded it at the ledger meanwhile. */
  | { readonly type: 'discarded' }
  /** The ledger does not know the update: no consumer will ever say what became of it. */
  | { readonly type: 'unknown' };

const UNKNOWN_AFTER_MS = 60_000;

/**
 * What became of a redriven record. `dead-lettered` is no answer: it is what the ledger said before, too; the record that
 * comes back to the dead-letter topic tells a new failure from the old one.
 */
export function judgeOutcome(answer: LedgerAnswer | undefined, sentAgoMs: number): Verdict {
  if (answer === undefined) return sentAgoMs < UNKNOWN_AFTER_MS ? { type: 'wait' } : { type: 'unknown' };
  const { outcome, ticketId } = answer;
  if (outcome === 'parked' || outcome === 'dead-lettered') return { type: 'wait' };
  return outcome === 'discarded' ? { type: 'discarded' } : { type: 'redriven', outcome, ticketId };
}

const SOONEST_MS = 200;
const LATEST_MS = 10_000;

/** Milliseconds until the next question: the longer it takes, the more patient. */
export function nextCheckMs(sentAgoMs: number): number {
  return Math.min(LATEST_MS, Math.max(SOONEST_MS, Math.round(sentAgoMs / 4)));
}
