import { join } from 'node:path';
import { repositoryRoot } from '../repository-root.js';
import { search, type Search } from './spin.js';

const MODEL = join(repositoryRoot(), 'docs', 'specs', 'exactly-once.pml');

/** Two of one service at a time: the other one's steps only multiply the interleavings. */
const TWO_OF = {
  dedupe: ['DEDUPES=2', 'TICKETINGS=1'],
  ticketing: ['DEDUPES=1', 'TICKETINGS=2'],
} as const;
/** Each instance may crash so often. */
const CRASHES = 'CRASHES=2';

/** As the model explains them. */
export const MISTAKES = [
  'NO_FENCE',
  'RESTORE_FIRST',
  'OFFSET_APART',
  'REPEAT_UNKNOWN',
  'NO_PRIMARY_KEY',
  'OFFSET_BEFORE_STORE',
] as const;
export type Mistake = (typeof MISTAKES)[number];

/** The protocol without a mistake, with two instances of each service. */
export function searchAsBuilt(): readonly (readonly [string, Search])[] {
  return Object.entries(TWO_OF).map(
    ([name, macros]) => [`two of ${name}`, search(MODEL, [...macros, CRASHES])] as const,
  );
}

export function searchWith(mistake: Mistake): Search {
  return search(MODEL, [...TWO_OF[mistake === 'NO_PRIMARY_KEY' ? 'ticketing' : 'dedupe'], mistake]);
}
