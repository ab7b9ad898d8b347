import { nextHop, type Ladder } from '@onceline/retry-policy';
import { permanent, transient } from '../intake/update-failure.js';
import { messageFrom, testRules, traced, uniqueRecord } from './fixtures.spec.js';
import { planBatch } from './plan-batch.js';
import { planRules } from './settle-batch.js';
import type { TracedUpdate } from './traced-update.js';

const NOW = Date.UTC(2026, 0, 2);
const HOUR_MS = 3_600_000;
const LADDER = { rungsMs: [1000], tries: 3, jitter: 0, maxAgeMs: 24 * HOUR_MS };

const failing = (update: TracedUpdate, failure = transient('fault-injected', 'words')): TracedUpdate => ({
  ...update,
  verdict: { type: 'failed', failure },
});

/** A redelivery after so many tries, with the head that waits for it. */
function headAfter(attempt: number, { failedAgoMs = 1000, headers = {} } = {}) {
  const record = uniqueRecord(messageFrom(1), {
    topic: 'ticketing.redelivery',
    timestamp: NOW,
    headers: { 'bot-id': '7', attempt: String(attempt), ...headers },
  });
  const update = failing(traced(record));
  const head = {
    ...{ key: update.idempotencyKey, attempt, redriveId: null, dueAt: NOW - 1, failure: null },
    firstFailedAt: NOW - failedAgoMs,
  };
  return { update, parked: [{ conversation: update.scope, head, followers: 0, version: '1' }] };
}

function recordOf({ update, parked = [] }: Partial<ReturnType<typeof headAfter>>, ladder: Ladder = LADDER) {
  const rules = testRules({
    now: () => NOW,
    nextHop: (failure, attempt, times) => {
      return nextHop(ladder, { consumer: 'ticketing', failure, attempt, ...times, random: 0 });
    },
  });
  const empty = { ledger: new Map(), tickets: [], messages: new Map(), queues: new Map() };
  const known = { ...empty, parked, unmarkedGaps: [], migratedChats: [], faults: [] };
  const [record, ...others] = planBatch(update ? [update] : [], known, planRules(rules)).records;
  expect(others).toEqual([]);
  return record;
}

describe('a dead letter says why it is not tried again', () => {
  it('no try can succeed', () => {
    const update = failing(traced(uniqueRecord(messageFrom(1))), permanent('malformed-update', 'words'));
    expect(recordOf({ update })).toMatchObject({
      topic: 'ticketing.dead-letter',
      headers: { attempt: '1', 'failure-kind': 'permanent', 'dead-letter-reason': 'permanent' },
    });
  });

  it('its tries are used up', () => {
    expect(recordOf(headAfter(2))).toMatchObject({
      topic: 'ticketing.dead-letter',
      headers: { attempt: '3', 'failure-kind': 'transient', 'dead-letter-reason': 'no-tries-left' },
    });
  });

  it('it is too old, with tries left', () => {
    expect(recordOf(headAfter(1, { failedAgoMs: 24 * HOUR_MS - 999 }))).toMatchObject({
      topic: 'ticketing.dead-letter',
      headers: { attempt: '2', 'failure-kind': 'transient', 'dead-letter-reason': 'too-old' },
    });
  });
});

it('a record that waits for its next try does not say it, whatever it came with', () => {
  const record = recordOf(
    headAfter(1, { headers: { 'dead-letter-reason': 'permanent', 'failure-class': 'pipeline' } }),
  );
  expect(record?.topic).toBe('ticketing.retry.1s');
  expect(Object.keys(record?.headers ?? {})).not.toContain('dead-letter-reason');
  expect(Object.keys(record?.headers ?? {})).not.toContain('failure-class');
});
