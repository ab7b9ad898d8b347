import type { AssignedPartition, RecordBatch } from '@onceline/kafka';
import { GapWatch } from './gap-watch.js';
import { planBatch } from '../plan-batch.js';
import { rawRecord } from '../raw-record.spec.js';

const HOUR = 3_600_000;
const TTL = 72 * HOUR;
const NOW = 1_800_000_000_000;
const BOT = '1000001';

function watchOf(states: readonly Partial<AssignedPartition>[]) {
  const assignment = states.map((state, partition): AssignedPartition => ({
    topic: 'raw',
    partition,
    state: 'running',
    lag: 0,
    ...state,
  }));
  return new GapWatch({ partitions: 2, ttlMs: TTL, assignment: () => assignment });
}

function commit(watch: GapWatch, partition: number, updateId: number, at: number): void {
  const records = [rawRecord({ partition, offset: updateId, updateId, timestamp: at })];
  const batch: RecordBatch = { topic: 'raw', partition, records, nextOffset: updateId + 1 };
  watch.committed(
    batch,
    planBatch(records, { committed: () => undefined, now: at, headersOf: ({ headers }) => headers }),
  );
}

describe('gap watch', () => {
  it('puts the ids of all partitions together and reports what is in none of them', () => {
    const watch = watchOf([{}, {}]);
    commit(watch, 0, 10, NOW);
    commit(watch, 1, 11, NOW);
    commit(watch, 0, 13, NOW);
    expect(watch.check(NOW + 23 * HOUR)).toEqual([]);
    expect(watch.check(NOW + 25 * HOUR)).toEqual([{ botId: BOT, updates: 1, firstId: 12, lastId: 12 }]);
    expect([...watch.knownBots()]).toEqual([BOT]);
  });

  it.each([
    ['it holds only some partitions', [{}]],
    ['a partition is not restored', [{}, { state: 'restoring' as const }]],
    ['nothing is assigned', []],
  ])('says nothing while %s', (_, states) => {
    const watch = watchOf(states);
    commit(watch, 0, 10, NOW);
    commit(watch, 0, 13, NOW);
    expect(watch.check(NOW + 48 * HOUR)).toBeUndefined();
  });

  it('waits for the slowest partition: what lies unread in raw is not lost', () => {
    const watch = watchOf([{}, { lag: 500 }]);
    commit(watch, 0, 10, NOW);
    commit(watch, 0, 12, NOW);
    commit(watch, 1, 9, NOW - HOUR);
    expect(watch.check(NOW + 48 * HOUR)).toEqual([]);
    commit(watch, 1, 11, NOW + 40 * HOUR);
    expect(watch.check(NOW + 48 * HOUR)).toEqual([]);
  });

  it('does not take what the changelog forgot for lost', () => {
    const watch = watchOf([{}, {}]);
    watch.restored({ botId: BOT, updateId: 5 }, NOW - TTL - 3 * HOUR, NOW);
    watch.restored({ botId: BOT, updateId: 9 }, NOW - TTL - HOUR, NOW);
    watch.restored({ botId: BOT, updateId: 10 }, NOW - TTL + HOUR, NOW);
    watch.restored({ botId: BOT, updateId: 12 }, NOW - HOUR, NOW);
    expect(watch.check(NOW + 48 * HOUR)).toEqual([{ botId: BOT, updates: 1, firstId: 11, lastId: 11 }]);
  });
});
