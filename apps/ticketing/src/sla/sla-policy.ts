import type { Priority } from '@onceline/contracts';
import { AROUND_THE_CLOCK, BusinessCalendar, type Calendar } from './calendar.js';
import type { ClockKind, Standing } from './clock.js';
import type { SlaDocument, SlaTargets } from './sla-document.js';

/** What a target depends on. */
export interface SlaSubject {
  readonly priority: Priority;
  readonly tags: readonly string[];
}

/** A version of what a bot promises. */
export interface SlaPolicy {
  /** From 1; 0 for a bot that promises nothing. */
  readonly version: number;
  /** Milliseconds since the epoch; of clocks that start before it another version is the judge. */
  readonly appliesFrom: number;
  readonly calendar: Calendar;
  /** Share of a target after which a warning is due, above 0, below 1. */
  readonly warnAt: number;
  counts(standing: Standing): boolean;
  targetOf(kind: ClockKind, subject: SlaSubject): SlaTarget | null;
}

export interface SlaTarget {
  /** Of the rule in the list of targets, from 0. */
  readonly rule: number;
  readonly targetMs: number;
}

const MINUTE_MS = 60_000;

export function slaPolicy(version: number, document: SlaDocument): SlaPolicy {
  const { businessHours, targets, pauseWhile, warnAtPercent, appliesFrom } = document;
  const paused = new Set<Standing>([...pauseWhile, 'ended']);
  return {
    version,
    appliesFrom: appliesFrom === 'always' ? -Infinity : Date.parse(appliesFrom),
    calendar: businessHours === null ? AROUND_THE_CLOCK : new BusinessCalendar(businessHours),
    warnAt: warnAtPercent / 100,
    counts: (standing) => !paused.has(standing),
    targetOf(kind, subject) {
      const rule = targets.findIndex((target) => fits(target, subject));
      const minutes = targets[rule]?.[MINUTES[kind]] ?? null;
      return minutes === null ? null : { rule, targetMs: Math.round(minutes * MINUTE_MS) };
    },
  };
}

const MINUTES = {
  'first-response': 'firstResponseMinutes',
  'next-response': 'nextResponseMinutes',
  resolution: 'resolutionMinutes',
} as const satisfies { readonly [Kind in ClockKind]: keyof SlaTargets };

function fits({ priority, tag }: SlaTargets, subject: SlaSubject): boolean {
  return (priority ?? subject.priority) === subject.priority && (tag === undefined || subject.tags.includes(tag));
}

/** Of a bot that promises nothing: its clocks run all the same, so that its times are known. */
export const NO_PROMISE = slaPolicy(0, {
  businessHours: null,
  targets: [],
  pauseWhile: ['pending'],
  warnAtPercent: 80,
  appliesFrom: 'always',
});

/** The judge of a clock: of the versions that apply to the moment at which it started, the latest written. */
export function policyAt(versions: readonly SlaPolicy[], startedAt: number): SlaPolicy {
  return versions.findLast(({ appliesFrom }) => appliesFrom <= startedAt) ?? NO_PROMISE;
}
