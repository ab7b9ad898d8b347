import fc from 'fast-check';
import { transactionVerdict } from './database-failure.js';

const coded = (code: string) => Object.assign(new Error('some words'), { code });

describe('a transaction that failed', () => {
  it.each([
    ['57P01', 'wait'],
    ['53300', 'wait'],
    ['ECONNREFUSED', 'wait'],
    ['EPERM', 'wait'],
    ['40001', 'conflict'],
    ['40P01', 'conflict'],
    // Somebody was faster: reading again shows it.
    ['23505', 'conflict'],
    ['23502', 'record'],
    ['22P02', 'record'],
    ['54000', 'record'],
    ['42P01', 'wait'],
    ['25P02', 'wait'],
    ['28P01', 'wait'],
    ['XX000', 'wait'],
    ['ENOENT', 'defect'],
    ['unavailable', 'defect'],
  ])('with %s asks for: %s', (code, verdict) => {
    expect(transactionVerdict(coded(code))).toBe(verdict);
  });

  it('without an answer of the database is a defect', () => {
    for (const error of [new TypeError('no'), undefined, null, 'text', { status: 503 }]) {
      expect(transactionVerdict(error)).toBe('defect');
    }
  });

  it('blames a record only for the three classes that are about values', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9A-Z]{5}$/), (code) => {
        const isAboutValues = /^(22|23|54)/.test(code) && code !== '23505';
        expect(transactionVerdict(coded(code)) === 'record').toBe(isAboutValues);
      }),
      { numRuns: 1000 },
    );
  });

  it('for whatever reason that is thrown, has an answer', () => {
    fc.assert(
      fc.property(fc.anything(), (error) => {
        expect(['conflict', 'record', 'wait', 'defect']).toContain(transactionVerdict(error));
      }),
    );
  });
});
