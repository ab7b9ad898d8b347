import { TOPICS, type HeaderName } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import { readFailureHeaders } from '@onceline/retry-policy';

/** An operator's wish to handle a dead letter again. */
export interface Redrive {
  readonly id: string;
  /** Which redrive of this update it is, from 1. */
  readonly count: number;
}

/** How an update came to us. */
export type Delivery =
  /** From `telegram.updates.unique`. */
  | { readonly type: 'first' }
  | {
      /** After a wait, or by a redrive. */
      readonly type: 'again';
      /** Tries made so far; null when the header does not say it. */
      readonly attempt: number | null;
      /** When it left for its wait, milliseconds since the epoch; null when the header does not say it. */
      readonly leftAt: number | null;
      readonly redrive: Redrive | null;
      /** Headers that were not taken as they came. */
      readonly distrusted: readonly HeaderName[];
    };

export function deliveryOf({
  topic,
  headers,
  timestamp,
}: Pick<ConsumedRecord, 'topic' | 'headers' | 'timestamp'>): Delivery {
  if (topic === TOPICS.unique) return { type: 'first' };
  // Nothing of what a record says of the past can be later than its append.
  const { attempt, retriedAt, redriveId, redriveCount, distrusted } = readFailureHeaders(headers, timestamp);
  return {
    type: 'again',
    attempt: attempt ?? null,
    leftAt: retriedAt ?? null,
    // Marks of a redrive stay on the record through its retries.
    redrive: redriveId === undefined ? null : { id: redriveId, count: Math.max(1, redriveCount ?? 1) },
    distrusted,
  };
}
