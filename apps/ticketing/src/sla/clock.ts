import { SLA_CLOCKS, type Priority } from '@onceline/contracts';

/** What is timed: the first answer, each further one, and how long it takes until all is done. */
export const CLOCK_KINDS = SLA_CLOCKS;
export type ClockKind = (typeof CLOCK_KINDS)[number];

/** What a ticket is while a clock of it goes on. */
export const STANDINGS = ['active', 'pending', 'snoozed', 'ended'] as const;
export type Standing = (typeof STANDINGS)[number];

/** How a clock ended: by an answer, by the end of the ticket, or without an answer since the ticket had ended before. */
export const CLOCK_ENDS = ['response', 'resolution', 'unanswered'] as const;
export type ClockEnd = (typeof CLOCK_ENDS)[number];

/** A part of a clock in which the ticket was the same. Times are milliseconds since the epoch. */
export interface Stretch {
  readonly from: number;
  /** Null while it goes on. */
  readonly to: number | null;
  readonly standing: Standing;
  /** Version of the event that began it. */
  readonly version: number;
}

/** Time as it went by; how much of it counts, and what that comes to, is a matter of the policy. */
export interface Clock {
  readonly kind: ClockKind;
  readonly startedAt: number;
  /** Version of the event that started it: a clock is known by its kind and this. */
  readonly startedBy: number;
  /** Without a gap. */
  readonly stretches: readonly Stretch[];
  readonly end: { readonly at: number; readonly by: ClockEnd; readonly version: number } | null;
}

/** Whose work it was, and what its target depends on. */
export interface ClockSubject {
  readonly priority: Priority;
  readonly tags: readonly string[];
  readonly team: string | null;
  readonly assignee: string | null;
}

/** A clock that is over, with what the ticket was at that moment. */
export interface EndedClock extends ClockSubject {
  readonly clock: Clock;
}

/** What an event did, and when it did it. */
export interface Moment {
  readonly at: number;
  readonly version: number;
}

export function startClock(kind: ClockKind, { at, version }: Moment, standing: Standing): Clock {
  const stretch = { from: at, to: null, standing, version };
  return { kind, startedAt: at, startedBy: version, stretches: [stretch], end: null };
}

/** The ticket is something else from then on. What came late cannot have happened before what stands before it. */
export function switchClock(clock: Clock, { at, version }: Moment, standing: Standing): Clock {
  const last = clock.stretches.at(-1);
  if (!last || last.standing === standing) return clock;
  const from = Math.max(last.from, at);
  const stretches = [...clock.stretches.slice(0, -1), { ...last, to: from }, { from, to: null, standing, version }];
  return { ...clock, stretches };
}

export function endClock(clock: Clock, { at, version }: Moment, by: ClockEnd): Clock {
  const cut = clock.stretches.filter(({ from }) => from < at || from === clock.startedAt);
  const stretches = cut.map((stretch) => ({ ...stretch, to: Math.max(stretch.from, Math.min(stretch.to ?? at, at)) }));
  return { ...clock, stretches, end: { at: Math.max(at, clock.startedAt), by, version } };
}

/** It had begun elsewhere, where somebody had to act since then. */
export function startEarlier(clock: Clock, { at, version }: Moment): Clock {
  const { startedAt, stretches } = clock;
  if (at >= startedAt) return clock;
  return {
    ...clock,
    startedAt: at,
    // The message that had started it may be unanswered when this one is over, and start the next one.
    startedBy: version,
    stretches: [{ from: at, to: startedAt, standing: 'active', version }, ...stretches],
  };
}

/** A resolution that did not last. */
export function resumeClock(clock: Clock): Clock {
  return { ...clock, end: null };
}
