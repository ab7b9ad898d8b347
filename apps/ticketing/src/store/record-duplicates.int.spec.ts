import { TOPICS } from '@onceline/contracts';
import type { ConsumedRecord } from '@onceline/kafka';
import { releaseStack } from '@onceline/testing';
import { HandleDuplicates } from '../handle-duplicates.js';
import { openStore, uniqueRecord, type TestStore } from './fixtures.spec.js';

let store: TestStore;

beforeAll(async () => {
  store = await openStore();
});
afterAll(async () => {
  await store?.close();
  await releaseStack();
});

const duplicate = (offset: number, botId = '7'): ConsumedRecord =>
  uniqueRecord(
    {
      schemaVersion: 1,
      idempotencyKey: `tg1:7:message:1:1:${offset}`,
      copy: { partition: 2, offset, receivedAt: '2026-01-01T00:00:01.000Z' },
      first: { offset: 4, seenAt: '2026-01-01T00:00:00.000Z' },
    },
    { topic: TOPICS.duplicates, partition: 2, headers: { 'bot-id': botId } },
  );

const openGate = { restMs: () => 0, answered: () => undefined, failed: () => 1000 };

it('a record that the database refuses is set aside and told; its neighbours are stored, and the batch is settled', async () => {
  // What the database may refuse next year, nobody knows today.
  await store.ask(`alter table ticketing.duplicates add constraint no_bot_13 check (bot_id <> '13')`);
  const told: unknown[] = [];
  const handler = new HandleDuplicates({
    withSession: store.withSession,
    gate: openGate,
    observer: {
      duplicatesRecorded: (recorded, malformed) => told.push({ recorded, malformed }),
      duplicateRefused: ({ record, message }) => told.push({ refused: record.offset, message }),
      paused: (error) => told.push({ paused: String(error) }),
    },
  });
  const good = Array.from({ length: 20 }, (_, offset) => duplicate(offset));
  const bad = [duplicate(100, '13'), duplicate(101, '13')];
  const unreadable = uniqueRecord({}, { topic: TOPICS.duplicates });
  const records = [...good.slice(0, 7), bad[0]!, unreadable, ...good.slice(7), bad[1]!];
  const batch = { topic: TOPICS.duplicates, partition: 2, records, nextOffset: 1000 };

  expect(await handler.handle([batch])).toEqual({ settle: 'commit' });

  const message = 'the database refused the record: SQLSTATE 23514 (constraint no_bot_13, table duplicates)';
  expect(told).toEqual([{ recorded: 20, malformed: 3 }, ...bad.map(({ offset }) => ({ refused: offset, message }))]);
  const rows = await store.ask<{ offset: string }>(
    'select raw_offset as offset from ticketing.duplicates order by raw_offset',
  );
  expect(rows.map(({ offset }) => Number(offset))).toEqual(good.map((_, offset) => offset));
});

it('a database that is away still asks for the batch again', async () => {
  const told: string[] = [];
  const handler = new HandleDuplicates({
    withSession: () => Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })),
    gate: openGate,
    observer: {
      duplicatesRecorded: () => undefined,
      duplicateRefused: () => told.push('refused'),
      paused: () => told.push('paused'),
    },
  });
  const batch = { topic: TOPICS.duplicates, partition: 2, records: [duplicate(1)], nextOffset: 2 };
  expect(await handler.handle([batch])).toMatchObject({ settle: 'redeliver' });
  expect(told).toEqual(['paused']);
});
