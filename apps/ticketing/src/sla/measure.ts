import { countedMs, type Interval } from './calendar.js';
import type { Clock, Stretch } from './clock.js';
import type { SlaPolicy, SlaSubject, SlaTarget } from './sla-policy.js';

/** How a clock stands. */
export const CLOCK_STATES = ['running', 'paused', 'met', 'breached', 'no-target', 'unanswered'] as const;
export type ClockState = (typeof CLOCK_STATES)[number];

/** What a clock comes to under a policy. Times are milliseconds, moments since the epoch. */
export interface Measured {
  readonly elapsedMs: number;
  readonly target: SlaTarget | null;
  /** When its target is used up if nothing changes; null without a target, while it stands still before that, and for one that ended in time. */
  readonly dueAt: number | null;
  /** When it is breached, likewise: of a target that is used up at closing time that is the next opening. */
  readonly breachAt: number | null;
  /** When a warning is due, likewise. */
  readonly warnAt: number | null;
  readonly state: ClockState;
}

export function measure(
  clock: Clock,
  { policy, subject, now }: { policy: SlaPolicy; subject: SlaSubject; now: number },
): Measured {
  const elapsedMs = clock.stretches.reduce((sum, stretch) => sum + countedOf(stretch, policy, now), 0);
  const target = policy.targetOf(clock.kind, subject);
  const state = stateOf(clock, policy, { elapsedMs, target });
  const isOver = clock.end !== null && state !== 'breached';
  const reached = (durationMs: (targetMs: number) => number) =>
    target && !isOver ? reaches(clock, policy, durationMs(target.targetMs)) : null;
  return {
    ...{ elapsedMs, target, state },
    dueAt: reached((targetMs) => targetMs),
    breachAt: reached((targetMs) => targetMs + 1),
    warnAt: reached((targetMs) => Math.round(targetMs * policy.warnAt)),
  };
}

/** The intervals of a stretch that count. */
export function countedIntervals(stretch: Stretch, policy: SlaPolicy, now: number): readonly Interval[] {
  const { from, to, standing } = stretch;
  return policy.counts(standing) ? policy.calendar.within({ from, to: to ?? Math.max(from, now) }) : [];
}

function countedOf(stretch: Stretch, policy: SlaPolicy, now: number): number {
  return countedIntervals(stretch, policy, now).reduce((sum, { from, to }) => sum + (to - from), 0);
}

/** When so much of the clock has counted. */
function reaches({ stretches }: Clock, policy: SlaPolicy, durationMs: number): number | null {
  let left = durationMs;
  for (const { from, to, standing } of stretches) {
    if (!policy.counts(standing)) continue;
    if (to === null) return policy.calendar.after(from, left);
    const counted = countedMs(policy.calendar, { from, to });
    if (counted >= left) return policy.calendar.after(from, left);
    left -= counted;
  }
  return null;
}

/** In the second in which it is due it is still in time. */
function stateOf(
  { end, stretches }: Clock,
  policy: SlaPolicy,
  { elapsedMs, target }: Pick<Measured, 'elapsedMs' | 'target'>,
): ClockState {
  if (target && elapsedMs > target.targetMs) return 'breached';
  if (end?.by === 'unanswered') return 'unanswered';
  if (end) return target ? 'met' : 'no-target';
  const standing = stretches.at(-1)?.standing ?? 'active';
  return policy.counts(standing) ? 'running' : 'paused';
}
