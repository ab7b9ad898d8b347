import type { TicketEvent } from '../ticket/events.js';
import type { Clock, EndedClock, Standing, Stretch } from './clock.js';
import { lengthOf, type Interval } from './calendar.js';
import { countedIntervals, measure, type ClockState } from './measure.js';
import { policyAt, type SlaPolicy } from './sla-policy.js';
import { currentClocks, followClocks } from './ticket-clocks.js';

/** Part of a figure's time, and why it counts or does not. */
export interface ExplainedInterval {
  readonly from: string;
  /** Null while it goes on. */
  readonly to: string | null;
  readonly standing: Standing;
  /** Version of the event that began it. */
  readonly version: number;
  readonly counts: boolean;
  readonly why: string;
  readonly countedSeconds: number;
  /** The parts that count, where business hours cut it; the first {@link PARTS_SHOWN}. */
  readonly parts: { readonly from: string; readonly to: string }[];
}

/** A figure with all that it was made of. Times are RFC 3339 UTC. */
export interface Explained {
  readonly figure: Clock['kind'];
  readonly state: ClockState;
  readonly startedAt: string;
  readonly startedBy: number;
  readonly endedAt: string | null;
  readonly endedBy: number | null;
  readonly elapsedSeconds: number;
  readonly targetSeconds: number | null;
  readonly dueAt: string | null;
  /** Of what the bot promised; 0: nothing. */
  readonly slaVersion: number;
  /** Which of its targets, from 0; null: none fits. */
  readonly rule: number | null;
  readonly intervals: ExplainedInterval[];
}

export const PARTS_SHOWN = 100;

/** All figures of a ticket from its whole history: answers in their order, then the resolution. */
export function explainAll(
  events: readonly TicketEvent[],
  { versionsOf, now }: { versionsOf: (botId: string) => readonly SlaPolicy[]; now: number },
): readonly Explained[] {
  const clocks = followClocks(undefined, events);
  if (!clocks) return [];
  const versions = versionsOf(clocks.botId);
  return [...clocks.ended, ...currentClocks(clocks)].map((each) => explain(each, { versions, now }));
}

function explain(ended: EndedClock, { versions, now }: { versions: readonly SlaPolicy[]; now: number }): Explained {
  const { clock } = ended;
  const policy = policyAt(versions, clock.startedAt);
  const { elapsedMs, target, dueAt, state } = measure(clock, { policy, subject: ended, now });
  return {
    ...{ figure: clock.kind, state, startedAt: iso(clock.startedAt), startedBy: clock.startedBy },
    ...{ endedAt: isoOrNull(clock.end?.at), endedBy: clock.end?.version ?? null },
    ...{ elapsedSeconds: elapsedMs / 1000, targetSeconds: target && target.targetMs / 1000, dueAt: isoOrNull(dueAt) },
    ...{ slaVersion: policy.version, rule: target?.rule ?? null },
    intervals: clock.stretches.map((stretch) => intervalOf(stretch, policy, now)),
  };
}

function intervalOf(stretch: Stretch, policy: SlaPolicy, now: number): ExplainedInterval {
  const { from, to, standing, version } = stretch;
  const counted = countedIntervals(stretch, policy, now);
  const countedMs = counted.reduce((sum, part) => sum + lengthOf(part), 0);
  const isWhole = countedMs === lengthOf({ from, to: to ?? now });
  return {
    ...{ from: iso(from), to: isoOrNull(to), standing, version },
    ...{ counts: policy.counts(standing), why: whyOf(policy.counts(standing), standing, isWhole) },
    countedSeconds: countedMs / 1000,
    parts: isWhole ? [] : counted.slice(0, PARTS_SHOWN).map(partOf),
  };
}

function whyOf(counts: boolean, standing: Standing, isWhole: boolean): string {
  if (standing === 'ended') return 'the ticket had ended';
  if (!counts) return `what the bot promises stops the clock while a ticket is ${standing}`;
  return isWhole ? 'all of it counts' : 'only business hours count';
}

function partOf({ from, to }: Interval) {
  return { from: iso(from), to: iso(to) };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : iso(ms);
}
