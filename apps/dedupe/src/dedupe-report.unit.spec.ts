import { Registry, type OpenMetricsContentType } from 'prom-client';
import type { Logger } from '@onceline/service-kit';
import type { RecordBatch } from '@onceline/kafka';
import { createDedupeMetrics } from './dedupe-metrics.js';
import { DedupeReport } from './dedupe-report.js';
import { TableStore } from './memory/first-seen-store.js';
import { GapWatch } from './gaps/gap-watch.js';
import { planBatch } from './plan-batch.js';
import { rawRecord } from './raw-record.spec.js';

const HOUR = 3_600_000;
const NOW = 1_800_000_000_000;

function setUp() {
  const registry = new Registry<OpenMetricsContentType>();
  const lines: unknown[] = [];
  const write = (fields: object, message: string) => lines.push({ ...fields, message });
  const logger = { info: write, warn: write } as unknown as Logger;
  const assignment = () => [{ topic: 'raw', partition: 0, state: 'running' as const, lag: 4 }];
  const lagFree = () => assignment().map((partition) => ({ ...partition, lag: 0 }));
  const gaps = new GapWatch({ partitions: 1, ttlMs: 72 * HOUR, assignment: lagFree });
  const report = new DedupeReport(createDedupeMetrics(registry, assignment), gaps, logger);
  const commit = (...records: RecordBatch['records']) => {
    const plan = planBatch(records, {
      committed: () => undefined,
      now: NOW,
      headersOf: ({ headers }) => headers,
    });
    report.committed({ topic: 'raw', partition: 0, records, nextOffset: 9 }, plan, 0.02);
  };
  return { registry, lines, report, commit };
}

describe('report', () => {
  it('shows every result from the start, so that an alert sees the first one', async () => {
    const text = await setUp().registry.metrics();
    for (const result of ['first', 'duplicate', 'collision', 'unreadable', 'replay']) {
      expect(text).toContain(`onceline_dedupe_records_total{result="${result}"} 0`);
    }
    for (const line of ['keys_held 0', 'bytes_per_key 0', 'gaps_watched 0', 'lag_records{partition="0"} 4']) {
      expect(text).toContain(`onceline_dedupe_${line}`);
    }
  });

  it('counts what was committed and warns of a collision by its key, without its text', async () => {
    const { registry, lines, commit } = setUp();
    commit(rawRecord({ offset: 1, updateId: 1 }), rawRecord({ offset: 2, updateId: 1, text: 'private words' }));
    const text = await registry.metrics();
    expect(text).toContain('onceline_dedupe_records_total{result="collision"} 1');
    expect(text).toContain('onceline_dedupe_transaction_seconds_count 1');
    expect(lines).toEqual([
      {
        idempotencyKey: 'tg1:1000001:message:77:1:1',
        outcome: 'collision',
        topic: 'telegram.updates.raw',
        partition: 0,
        offset: 2,
        firstOffset: 1,
        message: 'two updates have one idempotency key: the second went to the dead letters',
      },
    ]);
  });

  it('writes one line for each copy that goes no further, with the trace it came in', () => {
    const { lines, commit } = setUp();
    const headers = { 'bot-id': '1000001', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00` };
    const copy = { updateId: 1, headers };
    commit(
      ...[1, 2, 3].map((offset) => rawRecord({ offset, ...copy })),
      rawRecord({ ...copy, offset: 4, value: null }),
    );
    const traced = { trace_id: 'a'.repeat(32), span_id: 'b'.repeat(16) };
    expect(lines).toMatchObject([
      { offset: 2, outcome: 'duplicate', firstOffset: 1, ...traced },
      { offset: 3, outcome: 'duplicate', firstOffset: 1, ...traced },
      { offset: 4, outcome: 'unreadable', reason: 'the record has no value', ...traced },
    ]);
  });

  it('counts suspected losses per bot, from 0', async () => {
    const { registry, lines, commit, report } = setUp();
    commit(rawRecord({ offset: 1, updateId: 10 }), rawRecord({ offset: 2, updateId: 13 }));
    report.checkGaps(NOW);
    expect(await registry.metrics()).toContain('onceline_dedupe_suspected_losses_total{bot="1000001"} 0');
    report.checkGaps(NOW + 25 * HOUR);
    const text = await registry.metrics();
    expect(text).toContain('onceline_dedupe_suspected_losses_total{bot="1000001"} 2');
    expect(text).toContain('onceline_dedupe_gaps_watched 1');
    expect(lines).toMatchObject([{ botId: '1000001', updates: 2, firstId: 11, lastId: 12 }]);
  });

  it('forgets the figures of a partition that left, unless its successor is there already', async () => {
    const { registry, report } = setUp();
    const [old, next] = [new TableStore(HOUR), new TableStore(HOUR)];
    next.add('tg1:1:message:5:7:1', { payloadHash: '0'.repeat(16), firstOffset: 1, firstSeenAt: NOW });
    report.opened(0, old);
    report.opened(0, next);
    report.restored(0, 1.5);
    report.closed(0, old);
    expect(await registry.metrics()).toContain('onceline_dedupe_restore_seconds{partition="0"} 1.5');
    expect(await registry.metrics()).toContain('onceline_dedupe_keys_held 1');
    report.closed(0, next);
    expect(await registry.metrics()).not.toContain('restore_seconds{');
    expect(await registry.metrics()).toContain('onceline_dedupe_keys_held 0');
  });
});
