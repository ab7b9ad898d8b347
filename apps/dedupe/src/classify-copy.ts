import type { SeenRecord } from '@onceline/contracts';

/** One readable record of `raw`, reduced to what decides about it. */
export interface Copy {
  readonly key: string;
  readonly payloadHash: string;
  readonly offset: number;
}

/** What a copy is to the copies before it. */
export type Verdict =
  | { readonly copy: 'first' }
  /** The same update again. */
  | { readonly copy: 'duplicate'; readonly first: SeenRecord }
  /** The same key with other bytes: never dropped, because one of the two would be lost. */
  | { readonly copy: 'collision'; readonly first: SeenRecord }
  /** The first copy itself, read once more (an offset set back by hand): it is in `unique` already. */
  | { readonly copy: 'replay'; readonly first: SeenRecord };

/** Answers what is known of a key. */
export type Lookup = (key: string) => SeenRecord | undefined;

const FIRST: Verdict = { copy: 'first' };

/**
 * Judges one copy.
 * @param committed what earlier batches left
 * @param overlay first copies of the running batch, not committed yet
 */
export function classifyCopy(copy: Copy, committed: Lookup, overlay: ReadonlyMap<string, SeenRecord>): Verdict {
  const first = overlay.get(copy.key) ?? committed(copy.key);
  if (first === undefined) return FIRST;
  if (first.payloadHash !== copy.payloadHash) return { copy: 'collision', first };
  return { copy: first.firstOffset === copy.offset ? 'replay' : 'duplicate', first };
}
