import fc from 'fast-check';
import { testRules, tracedMessage } from './fixtures.spec.js';
import type { Known } from './known.js';
import { planBatch } from './plan-batch.js';
import { planRules, type SettleBatch } from './settle-batch.js';
import { settleUpdates } from './settle-updates.js';
import type { TracedUpdate } from './traced-update.js';

const sqlError = (code: string, fields: object = {}) => Object.assign(new Error('contents'), { code, ...fields });
const nothingKnown: Known = {
  ledger: new Map(),
  tickets: [],
  messages: new Map(),
  parked: [],
  queues: new Map(),
  unmarkedGaps: [],
  migratedChats: [],
  faults: [],
};
const take = (updates: readonly TracedUpdate[]) => planBatch(updates, nothingKnown, planRules(testRules())).settlements;

/** A store that refuses any batch in which one of these is still to be recorded, and counts its transactions. */
function refusing(poison: ReadonlySet<TracedUpdate>): { settle: SettleBatch; transactions: () => number } {
  let transactions = 0;
  const keys = new Set([...poison].map(({ idempotencyKey }) => idempotencyKey));
  return {
    transactions: () => transactions,
    settle: async (updates) => {
      transactions += 1;
      const bad = updates.some(({ idempotencyKey, verdict }) => keys.has(idempotencyKey) && verdict.type === 'command');
      if (bad) throw sqlError('22P05', { table: 'events' });
      return take(updates);
    },
  };
}

describe('records that the database refuses', () => {
  it('exactly they become dead letters, in order and in few transactions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 200 }), async (isPoison) => {
        const updates = isPoison.map((_, index) => tracedMessage(index));
        const poison = new Set(updates.filter((_, index) => isPoison[index]));
        const { settle, transactions } = refusing(poison);
        const settlements = await settleUpdates(updates, settle);
        expect(settlements.map(({ update }) => update.idempotencyKey)).toEqual(
          updates.map(({ idempotencyKey }) => idempotencyKey),
        );
        expect(settlements.map(({ outcome }) => outcome === 'dead-lettered')).toEqual(isPoison);
        const depth = Math.ceil(Math.log2(updates.length)) + 1;
        expect(transactions()).toBeLessThanOrEqual(1 + poison.size * (2 * depth + 1));
      }),
    );
  });

  it('are described without what they hold', async () => {
    const updates = [tracedMessage(1)];
    const [settlement] = await settleUpdates(updates, refusing(new Set(updates)).settle);
    expect(settlement?.failure).toEqual({
      kind: 'permanent',
      known: true,
      code: 'refused-by-database',
      message: 'the database refused the record: SQLSTATE 22P05 (table events)',
    });
  });
});

describe('conflicts', () => {
  it.each([
    ['lost claim', sqlError('40001')],
    ['deadlock', sqlError('40P01')],
    ['unique key', sqlError('23505')],
  ])('a %s is decided again', async (_, conflict) => {
    let tries = 0;
    const settle: SettleBatch = async (updates) => {
      if ((tries += 1) < 3) throw conflict;
      return take(updates);
    };
    expect(await settleUpdates([tracedMessage(1), tracedMessage(1)], settle)).toHaveLength(2);
    expect(tries).toBe(3);
  });

  it('that do not end by themselves are taken record by record', async () => {
    const sizes: number[] = [];
    const settle: SettleBatch = async (updates) => {
      sizes.push(updates.length);
      if (updates.length > 1) throw sqlError('40001');
      return take(updates);
    };
    expect(await settleUpdates([tracedMessage(1), tracedMessage(2)], settle)).toHaveLength(2);
    expect(sizes).toEqual([2, 2, 2, 1, 1]);
  });
});

describe('what no record is to blame for', () => {
  it.each([
    ['the server away', sqlError('57P01')],
    ['a missing column', sqlError('42703')],
    ['a defect of ours', new TypeError('x is undefined')],
  ])('%s is thrown at once and makes no dead letter', async (_, error) => {
    let tries = 0;
    const settle: SettleBatch = async () => {
      tries += 1;
      throw error;
    };
    await expect(settleUpdates([tracedMessage(1), tracedMessage(2)], settle)).rejects.toBe(error);
    expect(tries).toBe(1);
  });
});
