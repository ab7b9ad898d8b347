import fc from 'fast-check';

import { afterFailure, afterStatus, freshBackOff, parseRetryAfter, type BackOff } from './back-off.js';
import { createRandom, type Random } from './random.js';

const fixed = (draw: number): Random => ({ ...createRandom(0), int: () => draw });

function waits(random: Random, retryAfters: number[]): number[] {
  let backOff: BackOff = freshBackOff;
  return retryAfters.map((retryAfter) => {
    const decision = afterFailure({ backOff, retryAfter, now: 0, expiresAt: Infinity }, random);
    if (decision.action === 'drop') throw new Error('nothing expires here');
    ({ backOff } = decision);
    return decision.seconds;
  });
}

const noHeader = (count: number): number[] => Array.from({ length: count }, () => 0);

describe('the back-off of a failed update', () => {
  it('gives the attempt times that were observed at Telegram’s server', () => {
    // Observed: 0, 0, 2, 6, 14, 30, 62, 126, 192, 312 seconds; the last two waits are draws of 66 and 120.
    const draws = [100, 100, 100, 100, 100, 100, 66, 120];
    const random: Random = { ...createRandom(0), int: () => draws.shift() ?? 0 };
    let at = 0;
    const times = [0, ...waits(random, noHeader(9)).map((wait) => (at += wait))];
    expect(times).toEqual([0, 0, 2, 6, 14, 30, 62, 126, 192, 312]);
  });

  it.each([
    [60, [0, 2, 4, 8, 16, 32, 60, 60, 60]],
    [120, [0, 2, 4, 8, 16, 32, 64, 120, 120]],
  ])('stays on the table when every draw is %i', (draw, expected) => {
    expect(waits(fixed(draw), noHeader(9))).toEqual(expected);
  });

  it('keeps the seventh wait within 60 to 64 s and later ones within 60 to 120 s', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const [seventh = 0, ...later] = waits(createRandom(seed), noHeader(30)).slice(6);
        expect(seventh).toBeGreaterThanOrEqual(60);
        expect(seventh).toBeLessThanOrEqual(64);
        expect(later.every((wait) => wait >= 60 && wait <= 120)).toBe(true);
      }),
    );
  });

  it('waits exactly Retry-After, at most an hour, without moving the doubling', () => {
    expect(waits(fixed(100), [7, 7, 0, 0, 9000, 0])).toEqual([7, 7, 2, 4, 3600, 8]);
  });

  it('gives up at once when the wait would outlive the update, and only then', () => {
    fc.assert(
      fc.property(fc.nat(20), fc.nat(4000), fc.nat(4000), fc.nat(), (failures, retryAfter, left, seed) => {
        const failure = { backOff: { failures, delay: 1 }, retryAfter, now: 1000, expiresAt: 1000 + left };
        const unlimited = afterFailure({ ...failure, expiresAt: Infinity }, createRandom(seed));
        const wait = unlimited.action === 'wait' ? unlimited.seconds : NaN;
        expect(afterFailure(failure, createRandom(seed)).action).toBe(wait > left ? 'drop' : 'wait');
      }),
    );
  });

  it('drops an inline query (30 s) that is told to come back in a minute', () => {
    expect(afterFailure({ backOff: freshBackOff, retryAfter: 60, now: 0, expiresAt: 30 }, fixed(60))).toEqual({
      action: 'drop',
    });
  });
});

describe('Retry-After', () => {
  it.each([
    [undefined, 0],
    ['3', 3],
    ['0', 0],
    ['3600', 3600],
    ['90000', 3600],
    ['-5', 0],
    ['1.5', 0],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 0],
  ])('%s is %i s', (header, seconds) => {
    expect(parseRetryAfter(header)).toBe(seconds);
  });
});

describe('410 Gone', () => {
  const hour = 3600;
  function removedAfter(answers: [at: number, status: number | undefined][]): boolean {
    let firstGone: number | undefined;
    return answers.some(([at, status]) => {
      const result = afterStatus(firstGone, status, at);
      ({ firstGone } = result);
      return result.removed;
    });
  }

  it('removes the webhook when it goes on for more than 23 hours', () => {
    expect(
      removedAfter([
        [0, 410],
        [22 * hour, 410],
      ]),
    ).toBe(false);
    expect(
      removedAfter([
        [0, 410],
        [23 * hour, 410],
      ]),
    ).toBe(false);
    expect(
      removedAfter([
        [0, 410],
        [22 * hour, 410],
        [23 * hour + 1, 410],
      ]),
    ).toBe(true);
  });

  it('starts over after any other status, but not after a broken connection', () => {
    expect(
      removedAfter([
        [0, 410],
        [hour, 503],
        [24 * hour, 410],
      ]),
    ).toBe(false);
    expect(
      removedAfter([
        [0, 410],
        [hour, 200],
        [24 * hour, 410],
      ]),
    ).toBe(false);
    expect(
      removedAfter([
        [0, 410],
        [hour, undefined],
        [24 * hour, 410],
      ]),
    ).toBe(true);
  });
});
