import { DateTime } from 'luxon';

/** A time of day, hours and minutes: `09:00`. `24:00` is the end of the day. */
export interface OpeningHours {
  readonly from: string;
  readonly to: string;
}

export const WEEKDAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

/** When work is done, as people say it. */
export interface BusinessHours {
  /** IANA name: `Europe/Berlin`. */
  readonly timeZone: string;
  /** In the order of the day, without overlap; a day that is left out is free. */
  readonly week: Readonly<Partial<Record<Weekday, readonly OpeningHours[]>>>;
  /** Local dates, `2026-12-25`. */
  readonly holidays: readonly string[];
}

/** From (included) to (excluded), milliseconds since the epoch. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Which part of time counts. */
export interface Calendar {
  /** The parts of an interval that count, in their order. */
  within(interval: Interval): readonly Interval[];
  /** When so much time that counts has gone by since then, both in milliseconds; null where it never does within ten years. */
  after(from: number, durationMs: number): number | null;
}

export function lengthOf({ from, to }: Interval): number {
  return Math.max(0, to - from);
}

/** Milliseconds that count. */
export function countedMs(calendar: Calendar, interval: Interval): number {
  return calendar.within(interval).reduce((sum, part) => sum + lengthOf(part), 0);
}

/** All of it counts. */
export const AROUND_THE_CLOCK: Calendar = {
  within: (interval) => (lengthOf(interval) > 0 ? [interval] : []),
  after: (from, durationMs) => from + durationMs,
};

const LONGEST_SEARCH_MS = 315_576_000_000;
/** Some years of days. */
const DAYS_KEPT = 4096;

/** Business hours by the wall clock of their time zone: of a day on which the clock is changed an hour more or less counts, where it is open then. */
export class BusinessCalendar implements Calendar {
  private readonly holidays: ReadonlySet<string>;
  private readonly days = new Map<string, readonly Interval[]>();

  constructor(private readonly hours: BusinessHours) {
    this.holidays = new Set(hours.holidays);
  }

  within(interval: Interval): readonly Interval[] {
    const parts: Interval[] = [];
    for (const opening of this.openingsFrom(interval.from, interval.to)) {
      const part = { from: Math.max(opening.from, interval.from), to: Math.min(opening.to, interval.to) };
      if (lengthOf(part) > 0) parts.push(part);
    }
    return parts;
  }

  after(from: number, durationMs: number): number | null {
    if (durationMs <= 0) return from;
    let left = durationMs;
    for (const opening of this.openingsFrom(from, from + LONGEST_SEARCH_MS)) {
      const begin = Math.max(opening.from, from);
      const length = lengthOf({ from: begin, to: opening.to });
      if (length >= left) return begin + left;
      left -= length;
    }
    return null;
  }

  /** In the order of time, from the day of the one to that of the other. */
  private *openingsFrom(from: number, to: number): Generator<Interval> {
    let day = DateTime.fromMillis(from, { zone: this.hours.timeZone }).startOf('day');
    for (; day.toMillis() < to; day = day.plus({ days: 1 }).startOf('day')) yield* this.openingsOf(day);
  }

  private openingsOf(day: DateTime): readonly Interval[] {
    const date = day.toISODate() ?? '';
    const known = this.days.get(date);
    if (known) return known;
    if (this.days.size >= DAYS_KEPT) this.days.clear();
    const hours = this.holidays.has(date) ? [] : (this.hours.week[weekdayOf(day)] ?? []);
    const openings = hours.map(({ from, to }) => ({ from: atTime(day, from), to: atTime(day, to) }));
    this.days.set(date, openings);
    return openings;
  }
}

function weekdayOf(day: DateTime): Weekday {
  return WEEKDAYS[day.weekday - 1] ?? 'monday';
}

function atTime(day: DateTime, time: string): number {
  const [hour = 0, minute = 0] = time.split(':').map(Number);
  if (hour === 24) return day.plus({ days: 1 }).startOf('day').toMillis();
  const { year, month, day: date } = day;
  return DateTime.fromObject({ year, month, day: date, hour, minute }, { zone: day.zone }).toMillis();
}
