import { releaseStack } from '@onceline/testing';
import fc from 'fast-check';
import {
  countingRoundTrips,
  meetingAfterTheRead,
  messageFrom,
  messageIdOf,
  openStore,
  refuseMessage,
  reopened,
  settling,
  type TestStore,
  traced,
  tracedMessage,
  uniqueRecord,
} from './fixtures.spec.js';
import { readModelChecksum, rebuildReadModels } from './rebuild-read-models.js';
import type { WithSession } from './session.js';
import { settleUpdates } from './settle-updates.js';
import type { TracedUpdate } from './traced-update.js';

let store: TestStore;
beforeEach(async () => {
  store = await openStore();
});
afterEach(() => store.close());
afterAll(releaseStack);

const settle = (updates: readonly TracedUpdate[], withSession: WithSession = store.withSession) =>
  settleUpdates(updates, settling(withSession));

/** Each batch at an instance of its own; all have read before any of them writes. */
const atOnce = (batches: readonly (readonly TracedUpdate[])[]) => {
  const instances = meetingAfterTheRead(store.withSession, batches.length);
  return Promise.all(batches.map((batch, index) => settle(batch, instances[index])));
};

const outcomesOf = async (updates: readonly TracedUpdate[]) => {
  const rows = await store.ask<{ idempotency_key: string; outcome: string; reason: string | null }>(
    'select idempotency_key, outcome, reason from ticketing.ledger',
  );
  const byKey = new Map(
    rows.map((row) => [row.idempotency_key, row.reason === null ? row.outcome : `${row.outcome}: ${row.reason}`]),
  );
  return updates.map(({ idempotencyKey }) => byKey.get(idempotencyKey));
};
const count = async (table: string) =>
  (await store.ask<{ n: number }>(`select count(*)::int as n from ticketing.${table}`))[0]?.n;
/** Circles of waiting that the database had to break, a second each. */
const deadlocks = async () => {
  store = await reopened(store);
  const counted = 'select deadlocks::int as n from pg_stat_database where datname = current_database()';
  return (await store.ask<{ n: number }>(counted))[0]?.n;
};
/** Versions of every ticket, in order. */
const histories = async () =>
  store.ask<{ versions: number[] }>(
    'select array_agg(version order by version) as versions from ticketing.events group by ticket_id order by ticket_id',
  );

describe('a batch has its outcomes in one transaction', () => {
  it('the first message opens, the next ones are appended, the rest is ignored for a reason', async () => {
    const updates = [
      tracedMessage(1),
      tracedMessage(1),
      traced(uniqueRecord({ update_id: 900_001, poll: { id: '5' } })),
      tracedMessage(2),
    ];
    const settlements = await settle(updates);
    expect(settlements.map(({ outcome }) => outcome)).toEqual([
      'ticket-opened',
      'message-appended',
      'ignored',
      'ticket-opened',
    ]);
    expect(await outcomesOf(updates)).toEqual([
      'ticket-opened',
      'message-appended',
      'ignored: not-a-message',
      'ticket-opened',
    ]);
    expect(await store.ask('select version, message_count, status from ticketing.tickets order by version')).toEqual([
      { version: 2, message_count: 1, status: 'new' },
      { version: 3, message_count: 2, status: 'new' },
    ]);
  });

  it('takes the same number of round trips whatever its size', async () => {
    const roundTrips = async (size: number) => {
      const counted = countingRoundTrips(store.withSession);
      await settle(
        Array.from({ length: size }, (_, index) => tracedMessage(10_000 * size + (index % 50))),
        counted.withSession,
      );
      return counted.count();
    };
    // The third one is for the keys of those who wrote for the first time.
    expect([await roundTrips(1000), await roundTrips(2)]).toEqual([3, 3]);
  });

  it('two bots with the same chat id have two conversations', async () => {
    const update = messageFrom(1);
    const other = { headers: { 'bot-id': '8', 'received-at': '2026-01-01T00:00:00.000Z' } };
    await settle([traced(uniqueRecord(update)), traced(uniqueRecord(update, other))]);
    expect(await store.ask('select bot_id, conversation from ticketing.tickets order by bot_id')).toEqual([
      { bot_id: '7', conversation: '7:1' },
      { bot_id: '8', conversation: '8:1' },
    ]);
  });

  it('stores the trace context with the ledger row and the events', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await settle([{ ...tracedMessage(1), traceparent }]);
    expect(
      await store.ask('select traceparent from ticketing.ledger union all select traceparent from ticketing.events'),
    ).toEqual(Array(3).fill({ traceparent }));
  });
});

describe('redelivery changes nothing', () => {
  it('the same batch again settles nothing and writes nothing', async () => {
    const updates = Array.from({ length: 20 }, (_, index) => tracedMessage(index % 3));
    await settle(updates);
    const before = await readModelChecksum(store.withSession);
    expect(await settle(updates)).toEqual([]);
    expect([await count('ledger'), await count('events')]).toEqual([20, 23]);
    expect(await readModelChecksum(store.withSession)).toBe(before);
  });

  it('the same key twice in one batch counts once', async () => {
    const update = tracedMessage(1);
    expect(await settle([update, update])).toHaveLength(1);
    expect(await count('events')).toBe(2);
  });

  it('the same message under another update is ignored, and points at its ticket', async () => {
    const update = messageFrom(1);
    const again = traced(uniqueRecord({ ...update, update_id: 900_002 }));
    const third = traced(uniqueRecord({ ...update, update_id: 900_003 }));
    await settle([traced(uniqueRecord(update)), again]);
    await settle([third]);
    expect(await outcomesOf([again, third])).toEqual(Array(2).fill('ignored: message-already-recorded'));
    const tickets = await store.ask('select distinct ticket_id from ticketing.ledger');
    expect(tickets).toEqual(await store.ask('select ticket_id from ticketing.tickets'));
  });
});

describe('one ticket per conversation, whoever is first', () => {
  it('two instances get the same records at once: every update has one outcome, nothing is doubled', async () => {
    const updates = Array.from({ length: 200 }, (_, index) => tracedMessage(index % 20));
    const settled = await atOnce([updates, updates, updates]);
    expect(settled.flat()).toHaveLength(200);
    expect([await count('ledger'), await count('tickets'), await count('ticket_messages')]).toEqual([200, 20, 200]);
    for (const { versions } of await histories()) expect(versions).toEqual(versions.map((_, index) => index + 1));
  });

  it('two instances get the same records without a ticket at once: one outcome and one dead letter each', async () => {
    const updates = Array.from({ length: 60 }, (_, index) =>
      traced(
        index % 2 === 0 ? uniqueRecord({}, { value: null }) : uniqueRecord({ update_id: 910_000 + index, poll: {} }),
      ),
    );
    const settled = await atOnce([updates, updates, updates]);
    expect(settled.flat()).toHaveLength(60);
    expect([await count('ledger'), await count('outbox')]).toEqual([60, 30]);
  });

  it('two instances get different first messages of the same conversations at once', async () => {
    for (let meeting = 0; meeting < 30; meeting += 1) {
      const chats = Array.from({ length: 15 }, (_, index) => meeting * 15 + index);
      await atOnce(Array.from({ length: 6 }, () => chats.map((chat) => tracedMessage(chat))));
    }
    expect([await count('ledger'), await count('tickets'), await count('ticket_messages')]).toEqual([2700, 450, 2700]);
    for (const { versions } of await histories()) expect(versions).toEqual(versions.map((_, index) => index + 1));
    // With tickets written in the order of their ids there was one in every seventh meeting.
    expect(await deadlocks()).toBe(0);
  });

  it('the same message under two updates, at two instances at once, is in one ticket', async () => {
    const update = messageFrom(1);
    const both = [update, { ...update, update_id: 900_004 }].map((each) => traced(uniqueRecord(each)));
    await atOnce(both.map((each) => [each]));
    expect((await outcomesOf(both)).sort()).toEqual(['ignored: message-already-recorded', 'ticket-opened']);
    expect(await count('ticket_messages')).toBe(1);
  });

  it('the database refuses a second active ticket by itself', async () => {
    await settle([tracedMessage(1)]);
    await expect(
      store.ask(`insert into ticketing.tickets (ticket_id, bot_id, chat_id, conversation, status, version, message_count, opened_at, updated_at)
        select 't_other', bot_id, chat_id, conversation, 'pending', version, message_count, opened_at, updated_at from ticketing.tickets`),
    ).rejects.toThrow('one_active_ticket_per_conversation');
  });
});

describe('a poison record is isolated', () => {
  it('its neighbours go through in order, and the verdict and the dead letter leave together', async () => {
    const updates = Array.from({ length: 100 }, (_, index) => tracedMessage(index % 4, `text ${index}`));
    const poison = updates[37];
    await refuseMessage(store, poison && messageIdOf(poison));
    const settlements = await settle(updates);
    expect(settlements.map(({ update }) => update.idempotencyKey)).toEqual(
      updates.map(({ idempotencyKey }) => idempotencyKey),
    );
    const outcomes = await outcomesOf(updates);
    expect(outcomes.filter((outcome) => outcome === 'dead-lettered: refused-by-database')).toHaveLength(1);
    expect(outcomes[37]).toBe('dead-lettered: refused-by-database');
    expect(await count('ticket_messages')).toBe(99);
    for (let chat = 0; chat < 4; chat += 1) {
      const [row] = await store.ask<{ ids: string[] }>(
        `select array_agg(message_id::text order by version) as ids from ticketing.ticket_messages where chat_id = '${chat}'`,
      );
      const ids = (row?.ids ?? []).map(Number);
      expect(ids).toEqual([...ids].sort((a, b) => a - b));
    }
    const [letter] = await store.ask<{ topic: string; value: Buffer; headers: Record<string, string> }>(
      'select * from ticketing.outbox',
    );
    expect(letter?.topic).toBe('ticketing.dead-letter');
    expect(letter?.value).toEqual(poison?.record.value);
    expect(letter?.headers).toMatchObject({
      'bot-id': '7',
      consumer: 'ticketing',
      attempt: '1',
      'failure-kind': 'permanent',
      'failure-code': 'refused-by-database',
      'failure-message':
        'the database refused the record: SQLSTATE 23514 (constraint no_poison, table ticket_messages)',
      'origin-topic': 'telegram.updates.unique',
      'origin-offset': String(poison?.record.offset),
      'idempotency-key': poison?.idempotencyKey,
    });
  });

  it('a record that cannot be read is a dead letter and its neighbours cost no second transaction', async () => {
    const broken = traced(uniqueRecord({}, { value: Buffer.from('{"update') }));
    const counted = countingRoundTrips(store.withSession);
    await settle([tracedMessage(1), broken, tracedMessage(1)], counted.withSession);
    expect(await outcomesOf([broken])).toEqual(['dead-lettered: malformed-update']);
    expect([await count('ledger'), await count('outbox'), counted.count()]).toEqual([3, 1, 3]);
  });

  it('dead-lettering again after a redelivery leaves one dead letter', async () => {
    const broken = traced(uniqueRecord({}, { value: null }));
    await settle([broken]);
    await settle([broken]);
    expect(await count('outbox')).toBe(1);
  });
});

describe('any text can be stored', () => {
  it('U+0000 and half surrogate pairs are marked, not poison', async () => {
    const updates = [
      tracedMessage(1, 'a\u0000b'),
      tracedMessage(1, 'c\ud800d'),
      tracedMessage(1, 'smile \ud83d\ude00'),
    ];
    await settle(updates);
    expect(await outcomesOf(updates)).toEqual(['ticket-opened', 'message-appended', 'message-appended']);
    const texts = (await store.messages()).map(({ text }) => text);
    expect(texts).toEqual(['a\u2400b', 'c\ufffdd', 'smile \ud83d\ude00']);
  });

  it('whatever the text, kind and headers are', async () => {
    const wild = fc.string({ unit: 'binary', maxLength: 40 });
    const records = fc.record({ text: wild, kind: wild, header: wild, broken: fc.boolean() });
    let chat = 50_000;
    await fc.assert(
      fc.asyncProperty(fc.array(records, { minLength: 1, maxLength: 20 }), async (all) => {
        const updates = all.flatMap(({ text, kind, header, broken }) => {
          const headers = { 'bot-id': '7', 'update-kind': kind, 'idempotency-key': header, other: header };
          const update = messageFrom(chat++, text);
          return [
            traced(
              uniqueRecord(
                update,
                broken
                  ? { headers, value: Buffer.from(text) }
                  : { headers: { ...headers, 'idempotency-key': `k${chat}` } },
              ),
            ),
            traced(uniqueRecord({ update_id: chat * 10, [kind]: {} })),
          ];
        });
        const wanted = new Set(updates.map(({ idempotencyKey }) => idempotencyKey));
        await settle(updates);
        const outcomes = await outcomesOf(updates);
        expect(outcomes.filter((outcome) => outcome === undefined)).toEqual([]);
        expect(outcomes).not.toContain('dead-lettered: refused-by-database');
        expect(wanted.size).toBeGreaterThan(0);
      }),
      { numRuns: 30 },
    );
  });
});

describe('read models can be made again from the events', () => {
  it('with an equal checksum', async () => {
    await settle(Array.from({ length: 300 }, (_, index) => tracedMessage(index % 40, `text ${index}`)));
    const before = await readModelChecksum(store.withSession);
    await store.ask(`update ticketing.tickets set message_count = 0`);
    expect(await readModelChecksum(store.withSession)).not.toBe(before);
    expect(await rebuildReadModels(store.withSession)).toMatchObject({ events: 340, tickets: 40 });
    expect(await readModelChecksum(store.withSession)).toBe(before);
  });

  it('and the next message goes on with the version that was rebuilt', async () => {
    await settle([tracedMessage(1), tracedMessage(1)]);
    await store.ask('delete from ticketing.tickets');
    await rebuildReadModels(store.withSession);
    await settle([tracedMessage(1)]);
    expect(await histories()).toEqual([{ versions: [1, 2, 3, 4] }]);
  });
});

describe('for any way in which the log is cut into batches and repeated', () => {
  it('the outcome is that of reading it once', async () => {
    const cuts = fc.array(fc.tuple(fc.nat({ max: 29 }), fc.nat({ max: 12 })), { maxLength: 8 });
    let base = 100_000;
    await fc.assert(
      fc.asyncProperty(cuts, async (repeats) => {
        base += 10;
        const log = Array.from({ length: 30 }, (_, index) => tracedMessage(base + (index % 4)));
        // A consumer may start again anywhere before what it has settled, never behind it.
        let settledUpTo = 0;
        for (const [start, length] of repeats) {
          const from = Math.min(start, settledUpTo);
          await settle(log.slice(from, from + length));
          settledUpTo = Math.max(settledUpTo, from + length);
        }
        await settle(log.slice(Math.min(settledUpTo, log.length)));
        const rows = await store.ask<{ messages: string[] }>(
          `select array_agg(message_id::text order by version) as messages from ticketing.ticket_messages
             where chat_id = any($1) group by ticket_id order by min(message_id)`,
          [[0, 1, 2, 3].map((chat) => String(base + chat))],
        );
        const ids = log.map(({ verdict }) =>
          verdict.type === 'command' && 'messageId' in verdict.command ? String(verdict.command.messageId) : '',
        );
        expect(rows.map(({ messages }) => messages)).toEqual(
          [0, 1, 2, 3].map((chat) => ids.filter((_, index) => index % 4 === chat)),
        );
      }),
      { numRuns: 15 },
    );
  });
});
