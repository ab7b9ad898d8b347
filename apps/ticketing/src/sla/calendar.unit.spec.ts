/** Only business hours count, by the wall clock of their time zone. */
import fc from 'fast-check';
import { AROUND_THE_CLOCK, BusinessCalendar, countedMs, lengthOf, type BusinessHours } from './calendar.js';

const HOUR = 3_600_000;
const at = (text: string) => Date.parse(text);
const nineToFive = [{ from: '09:00', to: '17:00' }];
const office: BusinessHours = {
  timeZone: 'Europe/Berlin',
  week: { monday: nineToFive, tuesday: nineToFive, wednesday: nineToFive, thursday: nineToFive, friday: nineToFive },
  holidays: ['2026-12-25'],
};
const berlin = new BusinessCalendar(office);
const hoursWithin = (calendar: BusinessCalendar, from: string, to: string) =>
  countedMs(calendar, { from: at(from), to: at(to) }) / HOUR;
const after = (calendar: BusinessCalendar, from: string, hours: number) => {
  const found = calendar.after(at(from), hours * HOUR);
  return found === null ? null : new Date(found).toISOString();
};

describe('office hours in Berlin', () => {
  it.each([
    ['inside a day', '2026-11-24T09:00:00Z', '2026-11-24T10:30:00Z', 1.5],
    ['from before the opening to after the end', '2026-11-24T05:00:00Z', '2026-11-24T22:00:00Z', 8],
    ['over night', '2026-11-24T15:00:00Z', '2026-11-25T09:00:00Z', 2],
    ['over a weekend', '2026-11-27T15:00:00Z', '2026-11-30T09:00:00Z', 2],
    ['over a holiday and a weekend', '2026-12-24T15:00:00Z', '2026-12-28T09:00:00Z', 2],
    ['a week', '2026-11-23T00:00:00Z', '2026-11-30T00:00:00Z', 40],
    ['nothing at all', '2026-11-24T10:00:00Z', '2026-11-24T10:00:00Z', 0],
    ['backwards', '2026-11-24T11:00:00Z', '2026-11-24T10:00:00Z', 0],
  ])('%s', (_name, from, to, hours) => {
    expect(hoursWithin(berlin, from, to)).toBe(hours);
  });

  it.each([
    ['the same day', '2026-11-24T09:00:00Z', 2, '2026-11-24T11:00:00.000Z'],
    ['asked at night: from the opening on', '2026-11-24T20:00:00Z', 1, '2026-11-25T09:00:00.000Z'],
    ['the end of a day is still that day', '2026-11-24T08:00:00Z', 8, '2026-11-24T16:00:00.000Z'],
    ['over a weekend', '2026-11-27T15:00:00Z', 2, '2026-11-30T09:00:00.000Z'],
    ['at once', '2026-11-28T15:00:00Z', 0, '2026-11-28T15:00:00.000Z'],
  ])('due: %s', (_name, from, hours, due) => {
    expect(after(berlin, from, hours)).toBe(due);
  });

  it('opens an hour earlier by the clock of the world once summer time has begun', () => {
    expect(after(berlin, '2026-03-27T20:00:00Z', 1)).toBe('2026-03-30T08:00:00.000Z');
    expect(after(berlin, '2026-10-23T20:00:00Z', 1)).toBe('2026-10-26T09:00:00.000Z');
  });
});

describe('days on which the clock is changed', () => {
  const allDay = new BusinessCalendar({ ...office, week: { sunday: [{ from: '00:00', to: '24:00' }] } });
  const night = new BusinessCalendar({ ...office, week: { sunday: [{ from: '01:00', to: '04:00' }] } });

  it('have 23 and 25 hours', () => {
    expect(hoursWithin(allDay, '2026-03-28T00:00:00Z', '2026-03-31T00:00:00Z')).toBe(23);
    expect(hoursWithin(allDay, '2026-10-24T00:00:00Z', '2026-10-27T00:00:00Z')).toBe(25);
    expect(hoursWithin(allDay, '2026-06-06T00:00:00Z', '2026-06-09T00:00:00Z')).toBe(24);
  });

  it('a shift over the change is an hour shorter or longer', () => {
    expect(hoursWithin(night, '2026-03-28T00:00:00Z', '2026-03-31T00:00:00Z')).toBe(2);
    expect(hoursWithin(night, '2026-10-24T00:00:00Z', '2026-10-27T00:00:00Z')).toBe(4);
    expect(after(night, '2026-03-28T12:00:00Z', 2)).toBe('2026-03-29T02:00:00.000Z');
    expect(after(night, '2026-10-24T12:00:00Z', 4)).toBe('2026-10-25T03:00:00.000Z');
  });

  it('an opening in the hour that is left out begins when the clock has jumped', () => {
    const gap = new BusinessCalendar({ ...office, week: { sunday: [{ from: '02:30', to: '05:00' }] } });
    expect(hoursWithin(gap, '2026-03-28T00:00:00Z', '2026-03-31T00:00:00Z')).toBe(1.5);
  });
});

it('a calendar that never opens again has no due time', () => {
  const day = [{ from: '09:00', to: '10:00' }];
  const never = new BusinessCalendar({ ...office, week: { monday: day }, holidays: mondays(600) });
  expect(never.after(at('2026-01-01T00:00:00Z'), HOUR)).toBeNull();
});

describe('for all business hours', () => {
  const time = (minutes: number) =>
    `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  const day = fc
    .uniqueArray(fc.integer({ min: 0, max: 24 * 60 }), { minLength: 2, maxLength: 6 })
    .map((times) => times.sort((a, b) => a - b))
    .map((times) =>
      times.flatMap((from, index) =>
        index % 2 === 0 && times[index + 1] !== undefined
          ? [{ from: time(from), to: time(times[index + 1] ?? 0) }]
          : [],
      ),
    );
  const calendar = fc
    .record({
      timeZone: fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'UTC'),
      week: fc.record({ monday: day, wednesday: day, sunday: day }),
    })
    .map((hours) => new BusinessCalendar({ ...hours, holidays: ['2026-03-29'] }));
  const moment = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2026-12-31T00:00:00Z') });
  const length = fc.integer({ min: 1, max: 200 * HOUR });

  it('what is due after some time has counted exactly that time', () => {
    fc.assert(
      fc.property(calendar, moment, length, (own, from, durationMs) => {
        const due = own.after(from, durationMs);
        if (due === null) throw new Error('it opens every week');
        expect(countedMs(own, { from, to: due })).toBe(durationMs);
        expect(countedMs(own, { from, to: due - 1 })).toBe(durationMs - 1);
      }),
    );
  });

  it('time adds up where it is cut, and never counts twice', () => {
    fc.assert(
      fc.property(calendar, moment, length, fc.double({ min: 0, max: 1, noNaN: true }), (own, from, lasting, share) => {
        const to = from + lasting;
        const cut = from + Math.round(lasting * share);
        expect(countedMs(own, { from, to: cut }) + countedMs(own, { from: cut, to })).toBe(
          countedMs(own, { from, to }),
        );
        expect(countedMs(own, { from, to })).toBeLessThanOrEqual(countedMs(AROUND_THE_CLOCK, { from, to }));
        for (const part of own.within({ from, to })) expect(lengthOf(part)).toBeGreaterThan(0);
      }),
    );
  });
});

function mondays(weeks: number): string[] {
  return Array.from({ length: weeks }, (_, index) =>
    new Date(at('2025-12-29T00:00:00Z') + index * 7 * 24 * HOUR).toISOString().slice(0, 10),
  );
}
