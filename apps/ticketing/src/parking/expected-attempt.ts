import type { Delivery } from '../intake/delivery.js';
import type { Head } from './parked-conversations.js';

/**
 * Whether a redelivery is the one that a parked conversation waits for. Copies from before a crash carry a lower number. A number
 * that nobody can have written counts as the right one, once it is due: the record may be the only one there is, and a
 * conversation that waits for ever is worse than a try too many.
 */
export function isExpected(
  delivery: Extract<Delivery, { type: 'again' }>,
  head: Pick<Head, 'attempt' | 'redriveId' | 'dueAt'>,
  now: number,
): boolean {
  if ((delivery.redrive?.id ?? null) !== head.redriveId) return false;
  if (delivery.attempt === head.attempt) return true;
  return isGarbage(delivery.attempt, head.attempt) && now >= head.dueAt;
}

function isGarbage(attempt: number | null, expected: number): boolean {
  return attempt === null || attempt > expected;
}
