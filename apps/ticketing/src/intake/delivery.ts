import { HEADERS, TOPICS } from '@onceline/contracts';
import type { ConsumedRecord, RecordHeaders } from '@onceline/kafka';
import { readableText } from './readable-text.js';

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
    };

export function deliveryOf({ topic, headers }: Pick<ConsumedRecord, 'topic' | 'headers'>): Delivery {
  if (topic === TOPICS.unique) return { type: 'first' };
  const attempt = wholeNumber(headers[HEADERS.attempt]);
  const leftAt = /^\d{13}$/.test(headers[HEADERS.retriedAt] ?? '') ? Number(headers[HEADERS.retriedAt]) : null;
  return { type: 'again', attempt, leftAt, redrive: redriveOf(headers) };
}

/** Marks of a redrive stay on the record through its retries. */
function redriveOf(headers: RecordHeaders): Redrive | null {
  const id = readableText(headers[HEADERS.redriveId] ?? '').slice(0, 128);
  return id === '' ? null : { id, count: Math.max(1, wholeNumber(headers[HEADERS.redriveCount]) ?? 1) };
}

/** At most six digits: nothing we count gets larger, and what comes in is not trusted. */
function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : null;
}
