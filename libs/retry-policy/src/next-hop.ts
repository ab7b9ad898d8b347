import { retryTopicName } from '@onceline/contracts';
import { rungOf, type Ladder } from './ladder.js';

/** What a failure asks for. */
export const FAILURE_KINDS = [
  /** No later try can succeed. */
  'permanent',
  /** A later try may succeed. */
  'transient',
  /** Something that all records need is away. No record is to blame, no try is spent: wait. */
  'unavailable',
] as const;

/** One of {@link FAILURE_KINDS}. */
export type FailureKind = (typeof FAILURE_KINDS)[number];

/** A try that failed. */
export interface FailedTry {
  /** Whose rungs these are: they name the topics. */
  readonly consumer: string;
  readonly failure: { readonly kind: FailureKind };
  /** Tries made so far, from 1. */
  readonly attempt: number;
  /** Milliseconds since the epoch. */
  readonly firstFailedAt: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** From 0 to 1. */
  readonly random: number;
}

/** Back on the ladder. */
export interface RetryHop {
  readonly type: 'retry';
  /** Holds the record. */
  readonly topic: string;
  /** Milliseconds since the epoch; never before the rung is over. */
  readonly dueAt: number;
  /** Tries made so far. */
  readonly attempt: number;
}

/** Why nothing is tried any more. */
export const DEAD_LETTER_REASONS = ['permanent', 'no-tries-left', 'too-old'] as const;

/** One of {@link DEAD_LETTER_REASONS}. */
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number];

/** Off the ladder. */
export interface DeadLetterHop {
  readonly type: 'dead-letter';
  readonly reason: DeadLetterReason;
}

/** Where a failed record goes; `wait`: nowhere, it is handled again when what is away has come back. */
export type NextHop = RetryHop | DeadLetterHop | { readonly type: 'wait' };

/** The one rule for the way of a failed record. */
export function nextHop(
  ladder: Ladder,
  failed: FailedTry & { readonly failure: { readonly kind: 'permanent' | 'transient' } },
): RetryHop | DeadLetterHop;
export function nextHop(ladder: Ladder, failed: FailedTry): NextHop;
export function nextHop(ladder: Ladder, failed: FailedTry): NextHop {
  const { failure, attempt } = failed;
  if (failure.kind === 'unavailable') return { type: 'wait' };
  if (failure.kind === 'permanent') return { type: 'dead-letter', reason: 'permanent' };
  const delayMs = rungOf(ladder, attempt);
  if (delayMs === undefined || attempt >= ladder.tries) return { type: 'dead-letter', reason: 'no-tries-left' };
  const dueAt = failed.now + delayMs + Math.floor(delayMs * ladder.jitter * failed.random);
  if (dueAt - failed.firstFailedAt > ladder.maxAgeMs) return { type: 'dead-letter', reason: 'too-old' };
  return { type: 'retry', topic: retryTopicName(failed.consumer, delayMs), dueAt, attempt };
}
