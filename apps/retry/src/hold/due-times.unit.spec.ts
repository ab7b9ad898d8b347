import fc from 'fast-check';
import { dueTimesOf } from './due-times.js';

const APPENDED = 1_800_000_000_000;
const RUNG = 30_000;
const DAY = 86_400_000;
const times = (name: string, text: string | undefined, now: number) =>
  dueTimesOf({ headers: text === undefined ? {} : { [name]: text }, timestamp: APPENDED }, RUNG, now);
const due = (text: string | undefined, now = APPENDED + 5) => times('due-at', text, now);

describe('the due time of a record that waits', () => {
  it('is what the record says', () => {
    fc.assert(
      fc.property(fc.integer({ min: -3_600_000, max: 3000 }), (jitter) => {
        const said = APPENDED + RUNG + jitter;
        expect(due(String(said))).toMatchObject({ due: said, distrusted: null });
      }),
    );
  });

  it.each([
    ['nothing', undefined, 'none'],
    ['no number', 'soon', 'none'],
    ['a number with a sign', '-5', 'none'],
    ['the beginning of time', '0', 'past'],
    ['seconds in place of milliseconds', String(APPENDED / 1000), 'past'],
    ['a moment before any outage', String(APPENDED + RUNG - 86_400_001), 'past'],
  ])('is one rung after the append when it says %s', (_, text, distrusted) => {
    expect(due(text)).toMatchObject({ due: APPENDED + RUNG, distrusted });
  });

  it.each([
    ['a moment after any jitter', String(APPENDED + 2 * RUNG + 60_001)],
    ['next year', String(APPENDED + 365 * DAY)],
    ['more digits than a time has', '9'.repeat(40)],
  ])('is two rungs from now when it says %s', (_, text) => {
    for (const now of [APPENDED, APPENDED + 7000]) {
      expect(due(text, now)).toMatchObject({ due: now + 2 * RUNG, distrusted: 'future' });
    }
  });

  it('is never earlier than said when only the clock that stamped the append is behind', () => {
    const clocks = { behindMs: fc.integer({ min: 60_000, max: DAY - 1 }), readAfterMs: fc.nat({ max: 3_600_000 }) };
    fc.assert(
      fc.property(fc.record({ ...clocks, jitter: fc.nat({ max: RUNG }) }), ({ behindMs, readAfterMs, jitter }) => {
        const appended = APPENDED + behindMs;
        const said = appended + RUNG + jitter;
        expect(due(String(said), appended + readAfterMs).due).toBe(said);
      }),
    );
  });

  it('does not move away for ever from those who read it again and again', () => {
    const absurd = String(APPENDED + 365 * DAY);
    expect(due(absurd, APPENDED + 2 * DAY).due).toBe(APPENDED + DAY + 2 * RUNG);
  });

  it('lies within bounds whatever the header says', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.bigInt().map(String), fc.double().map(String)), (text) => {
        const { due: at } = due(text);
        expect(at).toBeGreaterThanOrEqual(APPENDED + RUNG - 24 * 3_600_000);
        expect(at).toBeLessThanOrEqual(APPENDED + 2 * RUNG + 60_000);
      }),
    );
  });
});

describe('what lies behind a record', () => {
  const behind = (text: string | undefined, now = APPENDED + 5) => times('retried-at', text, now).earliestBehind;

  it('failed after it and waits its rung at least, however long the outbox was held up', () => {
    fc.assert(
      fc.property(fc.nat(3_600_000), fc.nat(600_000), (heldUp, failedLater) => {
        const failedAt = APPENDED - heldUp;
        expect(behind(String(failedAt))).toBeLessThanOrEqual(failedAt + failedLater + RUNG);
        expect(behind(String(failedAt))).toBe(failedAt + RUNG);
      }),
    );
  });

  it.each([undefined, 'soon', '', '0', String(APPENDED + 1), '9'.repeat(30)])(
    'is counted from the append when the time of failure is %s',
    (text) => expect(behind(text)).toBe(APPENDED + RUNG),
  );

  it('is not put off by a clock that is ahead of ours', () => {
    expect(behind(undefined, APPENDED - 3_000_000)).toBe(APPENDED - 3_000_000 + RUNG);
  });
});
