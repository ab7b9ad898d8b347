import fc from 'fast-check';
import { dueTimeOf } from './due-times.js';

const APPENDED = 1_800_000_000_000;
const RUNG = 30_000;
const due = (text: string | undefined) =>
  dueTimeOf({ headers: text === undefined ? {} : { 'due-at': text }, timestamp: APPENDED }, RUNG);

describe('the due time of a record that waits', () => {
  it('is what the record says', () => {
    fc.assert(
      fc.property(fc.integer({ min: -3_600_000, max: 3000 }), (jitter) => {
        const said = APPENDED + RUNG + jitter;
        expect(due(String(said))).toEqual({ due: said, believed: true });
      }),
    );
  });

  it.each([
    ['nothing', undefined],
    ['no number', 'soon'],
    ['a number with a sign', '-5'],
    ['the beginning of time', '0'],
    ['seconds in place of milliseconds', String(APPENDED / 1000)],
    ['next year', String(APPENDED + 365 * 86_400_000)],
    ['more digits than a time has', '9'.repeat(40)],
  ])('is one rung after the append when it says %s', (_, text) => {
    expect(due(text)).toEqual({ due: APPENDED + RUNG, believed: false });
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
