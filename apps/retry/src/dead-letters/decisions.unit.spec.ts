import fc from 'fast-check';
import { judgeOutcome, nextCheckMs } from './judge-outcome.js';
import { describeResults } from './rehearse.js';
import { describeSelection, filterConditions, Parameters, selectionConditions } from './selection.js';

describe('what the ledger says', () => {
  it.each([
    [{ outcome: 'ticket-opened', ticketId: 't' }, 0, { type: 'redriven', outcome: 'ticket-opened', ticketId: 't' }],
    [{ outcome: 'ignored', ticketId: null }, 0, { type: 'redriven', outcome: 'ignored', ticketId: null }],
    [{ outcome: 'parked', ticketId: null }, 1e9, { type: 'wait' }],
    [{ outcome: 'dead-lettered', ticketId: null }, 1e9, { type: 'wait' }],
    [{ outcome: 'discarded', ticketId: null }, 0, { type: 'discarded' }],
    [undefined, 1000, { type: 'wait' }],
    [undefined, 61_000, { type: 'unknown' }],
  ])('%j after %d ms means %j', (answer, sentAgoMs, verdict) => {
    expect(judgeOutcome(answer, sentAgoMs)).toEqual(verdict);
  });

  it('is asked for less and less often, but always again', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (a, b) => {
        const [sooner, later] = [nextCheckMs(Math.min(a, b)), nextCheckMs(Math.max(a, b))];
        expect(sooner).toBeLessThanOrEqual(later);
        expect(sooner).toBeGreaterThanOrEqual(200);
        expect(later).toBeLessThanOrEqual(10_000);
      }),
    );
  });
});

describe('a selection', () => {
  const text = fc.string({ minLength: 1, maxLength: 20 });
  const filter = fc.record(
    { fingerprint: text, consumer: text, bot: text, conversation: text, class: fc.constantFrom('pipeline' as const) },
    { requiredKeys: [] },
  );

  it('puts values beside the statement, never into it, each with its own condition', () => {
    fc.assert(
      fc.property(filter, (chosen) => {
        const parameters = new Parameters();
        const conditions = filterConditions(chosen, parameters);
        expect(parameters.values).toEqual(
          ['fingerprint', 'consumer', 'bot', 'conversation', 'class'].flatMap((name) => chosen[name as 'bot'] ?? []),
        );
        for (const [index, condition] of conditions.entries()) {
          expect(condition).toMatch(new RegExp(`^[a-z_]+ = \\$${index + 1}$`));
        }
      }),
    );
  });

  it.each([
    [{ id: 'a' }, ['dead_letter_id = $1'], 'dead letter a'],
    [{ ids: ['a', 'b'] }, ['dead_letter_id = any($1::text[])'], '2 dead letters by id'],
    [{ fingerprint: 'f' }, ['fingerprint = $1'], 'the group f'],
    [
      { filter: { bot: '7', from: '2026-01-01T00:00:00Z' } },
      ['bot_id = $1', 'dead_at >= $2::timestamptz'],
      'dead letters with bot=7, from=2026-01-01T00:00:00Z',
    ],
  ])('%j becomes %j', (selection, conditions, words) => {
    expect(selectionConditions(selection, new Parameters())).toEqual(conditions);
    expect(describeSelection(selection)).toBe(words);
  });
});

describe('a dry run in words', () => {
  it.each([
    [
      { 'would-open': 27, 'has-ticket': 3, 'would-fail': 2 },
      0,
      '27 would open tickets, 3 already have one, 2 would fail again',
    ],
    [
      { 'would-open': 1, 'not-rehearsed': 1, strange: 4 },
      5,
      '1 would open a ticket, 1 could not be asked about, 4 strange, 5 were not asked about',
    ],
    [{}, 0, ''],
  ])('%j and %d more: %s', (results, more, words) => {
    expect(describeResults(results, more)).toBe(words);
  });
});
