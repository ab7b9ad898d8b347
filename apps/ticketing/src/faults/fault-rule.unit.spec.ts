import fc from 'fast-check';
import { transactionVerdict } from '@onceline/retry-policy';
import { injectedFailure, type FaultRule, type FaultSubject } from './fault-rule.js';

const subject: FaultSubject = { idempotencyKey: 'k', conversation: '7:1', tries: 0 };
const rule = (match: FaultRule['match'], changes: Partial<FaultRule> = {}): FaultRule => ({
  ...{ id: 'f', match, kind: 'transient', times: null },
  ...changes,
});

describe('a fault', () => {
  it.each([
    [{ idempotencyKey: 'k' }, true],
    [{ idempotencyKey: 'other' }, false],
    [{ conversation: '7:1' }, true],
    [{ conversation: '7:2' }, false],
    [{ share: 1 }, true],
  ])('that matches %j fails the record: %s', (match, fails) => {
    expect(injectedFailure([rule(match)], subject)?.code).toBe(fails ? 'fault-injected' : undefined);
  });

  it('for so many tries of a record ends with them', () => {
    const fails = [0, 1, 2, 3].map((tries) =>
      injectedFailure([rule({ share: 1 }, { times: 2 })], { ...subject, tries }),
    );
    expect(fails.map((failure) => failure !== undefined)).toEqual([true, true, false, false]);
  });

  it('of a share takes about that share of the records, and the same ones at every try', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 0.95, noNaN: true }), fc.string(), (share, id) => {
        const taken = (tries: number) =>
          Array.from({ length: 2000 }, (_, index) => index).filter((index) =>
            injectedFailure([rule({ share }, { id })], { ...subject, idempotencyKey: `k${index}`, tries }),
          );
        expect(Math.abs(taken(0).length / 2000 - share)).toBeLessThan(0.06);
        expect(taken(5)).toEqual(taken(0));
      }),
      { numRuns: 30 },
    );
  });

  it('of the kind unavailable is no failure of the record: consumption waits', () => {
    let thrown: unknown;
    try {
      injectedFailure([rule({ share: 1 }, { kind: 'unavailable' })], subject);
    } catch (error) {
      thrown = error;
    }
    expect(transactionVerdict(thrown)).toBe('wait');
  });

  it('of the kind permanent can never be handled; the first rule that matches decides', () => {
    const rules = [
      rule({ idempotencyKey: 'other' }, { kind: 'unavailable' }),
      rule({ share: 1 }, { kind: 'permanent' }),
      rule({ share: 1 }, { kind: 'unavailable' }),
    ];
    expect(injectedFailure(rules, subject)).toMatchObject({ kind: 'permanent', known: true });
  });
});
