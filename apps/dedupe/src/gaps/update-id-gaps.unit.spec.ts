import fc from 'fast-check';
import { SLOT_MS } from './id-chunk.js';
import { LOST_AFTER_MS, MAX_STEP, MAX_STRETCHES, UpdateIdGaps, type SuspectedLoss } from './update-id-gaps.js';

const START = 2_000_000 * SLOT_MS;
const HOUR = 3_600_000;
const BOT = '1000001';

const total = (losses: readonly SuspectedLoss[]) => losses.reduce((sum, { updates }) => sum + updates, 0);

describe('update-id gaps', () => {
  it('reports a missing id once, a day after a higher one came, with its place', () => {
    const gaps = new UpdateIdGaps();
    for (const id of [100, 101, 104, 105]) gaps.observe(BOT, id, START);
    expect(gaps.judge(START + LOST_AFTER_MS - 1)).toEqual([]);
    const due = START + LOST_AFTER_MS + SLOT_MS;
    expect(gaps.judge(due)).toEqual([{ botId: BOT, updates: 2, firstId: 102, lastId: 103 }]);
    expect(gaps.judge(due + HOUR)).toEqual([]);
  });

  it('says nothing about an id that came late but within the day', () => {
    const gaps = new UpdateIdGaps();
    for (const id of [100, 102]) gaps.observe(BOT, id, START);
    gaps.observe(BOT, 101, START + 23 * HOUR);
    expect(gaps.judge(START + 72 * HOUR)).toEqual([]);
  });

  it('judges exactly what never came, whatever the order, the losses, and how often it is asked', () => {
    const scenario = fc.record({
      first: fc.integer({ min: 0, max: 2_000_000_000 }),
      count: fc.integer({ min: 1, max: 400 }),
      lost: fc.uniqueArray(fc.nat({ max: 400 })),
      delays: fc.array(fc.nat({ max: LOST_AFTER_MS - SLOT_MS }), { minLength: 401, maxLength: 401 }),
      pace: fc.integer({ min: 1, max: HOUR }),
    });
    fc.assert(
      fc.property(scenario, ({ first, count, lost, delays, pace }) => {
        const arrivals = Array.from({ length: count }, (_, n) => ({ id: first + n, n }))
          .filter(({ n }) => !lost.includes(n))
          .map(({ id, n }) => ({ id, at: START + n * pace + (delays[n] ?? 0) }))
          .sort((a, b) => a.at - b.at);
        const gaps = new UpdateIdGaps();
        const reported: SuspectedLoss[] = [];
        for (const { id, at } of arrivals) {
          gaps.observe(BOT, id, at);
          reported.push(...gaps.judge(at));
        }
        reported.push(...gaps.judge(START + 1000 * HOUR * 24));
        const came = new Set(arrivals.map(({ id }) => id));
        const low = Math.min(...came);
        const high = Math.max(...came);
        const missing = Array.from({ length: count }, (_, n) => first + n).filter(
          (id) => id > low && id < high && !came.has(id),
        );
        expect(total(reported)).toBe(missing.length);
        for (const { firstId, lastId } of reported) expect(came.has(firstId) || came.has(lastId)).toBe(false);
      }),
    );
  });

  it('needs no order between partitions: each may be read from its beginning after the other', () => {
    const gaps = new UpdateIdGaps();
    const lost = new Set([123_456, 700_001]);
    // The second partition begins far below the first one's ids, and both leave steps wider than a restart.
    for (let id = 500_000; id < 900_000; id++) if (id % 2 === 0) gaps.observe(BOT, id, START + id);
    for (let id = 1; id < 900_000; id++)
      if ((id < 500_000 || id % 2 === 1) && !lost.has(id)) gaps.observe(BOT, id, START + id);
    expect(total(gaps.judge(START + LOST_AFTER_MS + HOUR))).toBe(lost.size);
  });

  it('keeps bots apart', () => {
    const gaps = new UpdateIdGaps();
    gaps.observe('1', 10, START);
    gaps.observe('2', 12, START);
    gaps.observe('1', 12, START);
    expect(gaps.judge(START + 48 * HOUR)).toEqual([{ botId: '1', updates: 1, firstId: 11, lastId: 11 }]);
  });

  it('takes a lower restart of the numbering for what it is, and watches the new stretch', () => {
    const gaps = new UpdateIdGaps();
    for (const id of [900_000_000, 900_000_001]) gaps.observe(BOT, id, START);
    const later = START + 8 * 24 * HOUR;
    expect(gaps.judge(later)).toEqual([]);
    for (const id of [5_000_000, 5_000_002]) gaps.observe(BOT, id, later);
    expect(gaps.judge(later + 48 * HOUR)).toEqual([{ botId: BOT, updates: 1, firstId: 5_000_001, lastId: 5_000_001 }]);
  });

  it('takes a step wider than Telegram can hold for a restart', () => {
    const gaps = new UpdateIdGaps();
    gaps.observe(BOT, 1_000, START);
    gaps.observe(BOT, 1_000 + 3 * MAX_STEP, START);
    expect(gaps.judge(START + 48 * HOUR)).toEqual([]);
  });

  it('does not judge what lies below a discounted id', () => {
    const gaps = new UpdateIdGaps();
    gaps.observe(BOT, 100, START);
    gaps.discount(BOT, 110);
    for (const id of [109, 111, 113]) gaps.observe(BOT, id, START);
    expect(gaps.judge(START + 48 * HOUR)).toEqual([{ botId: BOT, updates: 1, firstId: 112, lastId: 112 }]);
  });

  it('goes on where it stopped: a gap between two judgements counts, copies of judged ids do not', () => {
    const gaps = new UpdateIdGaps();
    gaps.observe(BOT, 100, START);
    expect(gaps.judge(START + 48 * HOUR)).toEqual([]);
    gaps.observe(BOT, 99, START + 48 * HOUR);
    gaps.observe(BOT, 103, START + 48 * HOUR);
    gaps.observe(BOT, 100, START + 49 * HOUR);
    expect(gaps.judge(START + 96 * HOUR)).toEqual([{ botId: BOT, updates: 2, firstId: 101, lastId: 102 }]);
  });

  it('forgets the oldest stretch when a bot has too many, and counts it', () => {
    const gaps = new UpdateIdGaps();
    const idOf = (stretch: number) => stretch * 3 * MAX_STEP;
    for (let stretch = 0; stretch < MAX_STRETCHES + 5; stretch++) {
      gaps.observe(BOT, idOf(stretch), START + stretch * SLOT_MS);
      gaps.judge(START + stretch * SLOT_MS + LOST_AFTER_MS + SLOT_MS);
    }
    expect(gaps.takeForgotten()).toBe(5);
    expect(gaps.takeForgotten()).toBe(0);
    // Those that are still remembered are not judged a second time.
    for (let stretch = 5; stretch < MAX_STRETCHES + 5; stretch++) gaps.observe(BOT, idOf(stretch) - 2, START);
    for (let stretch = 5; stretch < MAX_STRETCHES + 5; stretch++) gaps.observe(BOT, idOf(stretch), START);
    expect(gaps.judge(START + 100 * SLOT_MS + LOST_AFTER_MS)).toEqual([]);
  });

  it('remembers one stretch, however long nothing is judged', () => {
    const gaps = new UpdateIdGaps();
    // Every 32,000th id: one chunk each; beyond 1024 of them the lowest is closed each time.
    for (let id = 0; id < 2_000 * 32_768; id += 32_000) gaps.observe(BOT, id, START);
    expect(gaps.takeForgotten()).toBe(0);
    const low = 32_768;
    gaps.observe(BOT, low, START);
    gaps.observe(BOT, low + 4, START);
    const losses = gaps.judge(START + 48 * HOUR);
    expect(losses.filter(({ firstId }) => firstId < 900 * 32_768)).toEqual([]);
  });

  it('stays within its bounds when nothing is judged for long', () => {
    const gaps = new UpdateIdGaps();
    // Every 32,000th id: one chunk each, more of them than are held.
    for (let id = 0; id < 1_200 * 32_768; id += 32_000) gaps.observe(BOT, id, START);
    expect(gaps.bytes).toBe(4 * 1024 * 1024);
    for (let id = 1_200 * 32_768; id < 3_000 * 32_768; id += 32_000) gaps.observe(BOT, id, START);
    expect(gaps.bytes).toBe(4 * 1024 * 1024);
    gaps.observe('another bot', 1, START);
    expect(gaps.bytes).toBe(4 * 1024 * 1024 + 4096);
  });
});
