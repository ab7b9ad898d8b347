import { countingRoundTrips, messageIdOf, refuseMessage, type TestStore } from '../store/fixtures.spec.js';
import { withOwnWorlds, type World } from './world.spec.js';

let store: TestStore;
let world: World;
withOwnWorlds((own) => ({ store, world } = own));

const keysOf = (updates: readonly { idempotencyKey: string }[]) => updates.map(({ idempotencyKey }) => idempotencyKey);
const outcomesOf = async (updates: readonly { idempotencyKey: string }[]) => {
  const outcomes = await world.outcomes();
  return keysOf(updates).map((key) => {
    const { outcome = 'none', reason = null } = outcomes.get(key) ?? {};
    return reason === null ? outcome : `${outcome}: ${reason}`;
  });
};
const parked = () => store.ask<Record<string, unknown>>('select * from ticketing.parked_conversations');

describe('an update that fails for now', () => {
  it('waits at the first rung, what comes after it waits behind it, and others flow', async () => {
    const began = Date.now();
    const updates = world.writeAll([1, 2, 1, 2, 1]);
    await world.fail(updates[0]?.idempotencyKey ?? '', 'transient', 1);
    await world.settle(updates.slice(0, 4));
    await world.settle(updates.slice(4));
    expect(await outcomesOf(updates)).toEqual([
      'parked: fault-injected',
      'ticket-opened',
      'parked: behind-parked',
      'message-appended',
      'parked: behind-parked',
    ]);
    expect(await parked()).toMatchObject([
      {
        conversation: '7:1',
        head_key: updates[0]?.idempotencyKey,
        attempt: 1,
        followers: 2,
        failure_code: 'fault-injected',
      },
    ]);
    const [record] = await world.waiting();
    expect(record).toMatchObject({ topic: 'ticketing.retry.1s', key: '7:1' });
    expect(record?.value).toEqual(updates[0]?.record.value);
    expect(record?.headers).toMatchObject({
      consumer: 'ticketing',
      attempt: '1',
      'failure-kind': 'transient',
      'failure-code': 'fault-injected',
      'idempotency-key': updates[0]?.idempotencyKey,
      'origin-topic': 'telegram.updates.unique',
      'origin-offset': String(updates[0]?.record.offset),
    });
    expect(Number(record?.headers['due-at'])).toBeGreaterThanOrEqual(began + 1000);
  });

  it('succeeds when it comes back, and all behind it follow in the same transaction, in order', async () => {
    const updates = world.writeAll([1, 1, 1, 1]);
    await world.fail(updates[0]?.idempotencyKey ?? '', 'transient', 1);
    await world.settle(updates);
    const [record] = await world.waiting();
    const counted = countingRoundTrips(store.withSession);
    await world.settle(record ? [world.redelivered(record)] : [], counted.withSession);
    // What is known, what waits, keys, and everything written.
    expect(counted.count()).toBe(4);
    expect(await outcomesOf(updates)).toEqual(['ticket-opened', ...Array<string>(3).fill('message-appended')]);
    expect(await world.history(1)).toEqual(keysOf(updates));
    expect([await parked(), await store.ask('select 1 from ticketing.parked_updates')]).toEqual([[], []]);
    const { attempts } = (await world.outcomes()).get(updates[0]?.idempotencyKey ?? '') ?? {};
    expect(attempts).toBe(2);
  });

  it('a copy of a redelivery, of any try before, changes nothing', async () => {
    const updates = world.writeAll([1, 1]);
    await world.fail(updates[0]?.idempotencyKey ?? '', 'transient', 2);
    await world.settle(updates);
    const [first] = await world.waiting();
    if (!first) throw new Error('nothing waits');
    await world.settle([world.redelivered(first), world.redelivered(first)]);
    expect(await parked()).toMatchObject([{ attempt: 2, version: '2' }]);
    expect(await world.settle([world.redelivered(first)])).toEqual([]);
    const records = await world.waiting();
    expect(records.map(({ headers }) => headers['attempt'])).toEqual(['1', '2']);
    await world.deliverAll(first.id);
    expect(await world.settle(records.map((record) => world.redelivered(record)))).toEqual([]);
    expect(await outcomesOf(updates)).toEqual(['ticket-opened', 'message-appended']);
  });
});

describe('an update that always fails', () => {
  it('is dead-lettered after its tries, the rest goes on, and the open ticket shows the gap', async () => {
    const updates = world.writeAll([1, 1, 1]);
    await world.fail(updates[1]?.idempotencyKey ?? '', 'transient');
    await world.settle(updates);
    await world.deliverAll();
    expect(await outcomesOf(updates)).toEqual(['ticket-opened', 'dead-lettered: fault-injected', 'message-appended']);
    const [letter] = await world.deadLetters();
    expect(letter?.headers).toMatchObject({
      ...{ attempt: '3', 'failure-kind': 'transient', 'failure-class': 'pipeline' },
      'dead-letter-reason': 'no-tries-left',
    });
    expect(letter?.headers['due-at']).toBeUndefined();
    const events = await store.ask('select version, type, idempotency_key from ticketing.events order by version');
    expect(events).toEqual([
      { version: 1, type: 'ticket-opened', idempotency_key: updates[0]?.idempotencyKey },
      { version: 2, type: 'message-appended', idempotency_key: updates[0]?.idempotencyKey },
      { version: 3, type: 'update-missing', idempotency_key: updates[1]?.idempotencyKey },
      { version: 4, type: 'message-appended', idempotency_key: updates[2]?.idempotencyKey },
    ]);
    expect(await store.ask('select version, message_count from ticketing.tickets')).toEqual([
      { version: 4, message_count: 2 },
    ]);
  });

  it('behind a head: it becomes the head, with its own ladder, and those behind it go on waiting', async () => {
    const updates = world.writeAll([1, 1, 1]);
    await world.fail(updates[0]?.idempotencyKey ?? '', 'transient', 1);
    await world.fail(updates[1]?.idempotencyKey ?? '', 'transient', 1);
    await world.settle(updates);
    const [first] = await world.waiting();
    await world.settle(first ? [world.redelivered(first)] : []);
    expect(await outcomesOf(updates)).toEqual(['ticket-opened', 'parked: fault-injected', 'parked: behind-parked']);
    expect(await parked()).toMatchObject([{ head_key: updates[1]?.idempotencyKey, attempt: 1, followers: 1 }]);
    await world.deliverAll(first?.id);
    expect(await world.history(1)).toEqual(keysOf(updates));
  });
});

describe('a conversation with thousands of parked updates', () => {
  it('drains in batches of the limit, each by a record of its own, in order', async () => {
    const head = world.write(1);
    const other = world.write(2);
    await world.fail(head.idempotencyKey, 'transient', 1);
    await world.settle([head, other]);
    const behind = Array.from({ length: 3000 }, () => world.write(1));
    for (let start = 0; start < behind.length; start += 1000) await world.settle(behind.slice(start, start + 1000));
    const sizes: number[] = [];
    let last = '0';
    for (let rows = await world.waiting(last); rows.length > 0; rows = await world.waiting(last)) {
      expect(rows).toHaveLength(1);
      last = rows[0]?.id ?? last;
      sizes.push((await world.settle(rows.map((row) => world.redelivered(row)))).length);
      expect(await world.contradictions()).toEqual([]);
    }
    expect(Math.max(...sizes)).toBe(201);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(3001);
    expect(await world.history(1)).toEqual(keysOf([head, ...behind]));
  });

  it('a thousand heads at once bring no more into memory than two thousand updates behind them', async () => {
    const chats = Array.from({ length: 500 }, (_, index) => 100 + index);
    const heads = world.writeAll(chats);
    for (const { idempotencyKey } of heads) await world.fail(idempotencyKey, 'transient', 1);
    await world.settle(heads);
    const behind = chats.flatMap((chat) => Array.from({ length: 6 }, () => world.write(chat)));
    await world.settle(behind);
    const rows = await world.waiting();
    const settled = await world.settle(rows.map((row) => world.redelivered(row)));
    expect(settled).toHaveLength(500 + 500 * 4);
    await world.deliverAll(rows.at(-1)?.id);
    for (const chat of chats.slice(0, 20)) {
      expect(await world.history(chat)).toEqual(keysOf(world.log.filter(({ record }) => record.key === `7:${chat}`)));
    }
    expect(await parked()).toEqual([]);
  });
});

describe('two instances, one that reads on and one that gets what comes back', () => {
  it("keep the order of every conversation, however they get in each other's way", async () => {
    const chats = Array.from({ length: 8 }, (_, index) => 1 + index);
    for (let round = 0; round < 100; round += 1) world.writeAll(chats);
    await store.ask(
      `insert into ticketing.faults (id, share, kind, times, expires_at) values
         ('once', 0.1, 'transient', 1, now() + interval '1 hour'), ('always', 0.01, 'transient', null, now() + interval '1 hour')`,
    );
    let isRead = false;
    const reading = (async () => {
      for (let start = 0; start < world.log.length; start += 16) await world.settle(world.log.slice(start, start + 16));
      isRead = true;
    })();
    const returning = (async () => {
      for (let last = '0', wasRead = false; ;) {
        const rows = await world.waiting(last);
        if (rows.length === 0 && wasRead) return;
        wasRead = isRead;
        last = rows.at(-1)?.id ?? last;
        await world.settle(rows.map((row) => world.redelivered(row)));
      }
    })();
    await Promise.all([reading, returning]);
    await world.deliverAll();
    expect(await world.contradictions()).toEqual([]);
    const outcomes = await world.outcomes();
    const dead = [...outcomes].filter(([, { outcome }]) => outcome === 'dead-lettered').map(([key]) => key);
    expect([outcomes.size, await parked()]).toEqual([800, []]);
    expect(dead.length).toBeGreaterThan(0);
    for (const chat of chats) {
      const arrived = keysOf(world.log.filter(({ record }) => record.key === `7:${chat}`));
      expect(await world.history(chat)).toEqual(arrived.filter((key) => !dead.includes(key)));
    }
    expect([...outcomes.values()].every(({ reason }) => reason === null || reason === 'fault-injected')).toBe(true);
  });
});

describe('an update behind a head that the database refuses', () => {
  it('is found, dead-lettered by itself, and the head and its neighbours go through', async () => {
    const updates = Array.from({ length: 40 }, (_, index) => world.write(1, `text ${index}`));
    await refuseMessage(store, updates[23] && messageIdOf(updates[23]));
    await world.fail(updates[0]?.idempotencyKey ?? '', 'transient', 1);
    await world.settle(updates);
    await world.deliverAll();
    const outcomes = await outcomesOf(updates);
    expect(outcomes.filter((outcome) => outcome.startsWith('dead-lettered'))).toEqual([
      'dead-lettered: refused-by-database',
    ]);
    expect(await world.history(1)).toEqual(keysOf(updates.filter((_, index) => index !== 23)));
    expect(await world.contradictions()).toEqual([]);
  });
});

describe('a redrive', () => {
  const deadLetter = async () => {
    const [update] = world.writeAll([1]);
    if (!update) throw new Error('nothing written');
    await world.fail(update.idempotencyKey, 'permanent');
    await world.settle([update]);
    const [letter] = await world.deadLetters();
    if (!letter) throw new Error('no dead letter');
    return { update, letter };
  };

  it('of a dead letter whose cause is gone makes its ticket; the ledger keeps which redrive it was', async () => {
    const { update, letter } = await deadLetter();
    await world.heal(update.idempotencyKey);
    await world.settle([world.redriven(letter, 'r1')]);
    expect(
      await store.ask(
        'select outcome, redrive_id, redrive_count, revision, attempts, failure_code from ticketing.ledger',
      ),
    ).toEqual([
      {
        outcome: 'ticket-opened',
        redrive_id: 'r1',
        redrive_count: 1,
        revision: 2,
        attempts: 1,
        failure_code: 'fault-injected',
      },
    ]);
    expect(await world.settle([world.redriven(letter, 'r2', 2)])).toEqual([]);
  });

  it('that fails again leaves one more dead letter with the mark of the redrive; its copy changes nothing', async () => {
    const { letter } = await deadLetter();
    await world.settle([world.redriven(letter, 'r1'), world.redriven(letter, 'r1')]);
    await world.settle([world.redriven(letter, 'r1')]);
    const letters = await world.deadLetters();
    expect(letters.map(({ headers }) => headers['redrive-id'])).toEqual([undefined, 'r1']);
  });

  it('two at once: one wins, the other one changes nothing', async () => {
    const { update, letter } = await deadLetter();
    await world.heal(update.idempotencyKey);
    const results = await Promise.all(['r1', 'r2'].map((id) => world.settle([world.redriven(letter, id)])));
    expect(results.map((settlements) => settlements.length).sort()).toEqual([0, 1]);
    expect(await store.ask('select count(*)::int as n from ticketing.ticket_messages')).toEqual([{ n: 1 }]);
  });

  it('into a parked conversation queues behind, with its corrected payload', async () => {
    const { update, letter } = await deadLetter();
    await world.heal(update.idempotencyKey);
    const head = world.write(1);
    await world.fail(head.idempotencyKey, 'transient', 1);
    await world.settle([head]);
    const corrected = { ...letter, value: Buffer.from(String(letter.value).replace('Hello', 'Corrected')) };
    await world.settle([world.redriven(corrected, 'r1')]);
    expect(await outcomesOf([update, head])).toEqual(['parked: behind-parked', 'parked: fault-injected']);
    await world.deliverAll();
    expect(await world.history(1)).toEqual(keysOf([head, update]));
    expect((await store.messages()).map(({ text }) => text).sort()).toEqual(['Corrected', 'Hello']);
  });

  it('of what was never dead, or is not known, changes nothing', async () => {
    const update = world.write(1);
    await world.settle([update]);
    const row = {
      id: '0',
      topic: '',
      key: '7:1',
      value: update.record.value ?? Buffer.alloc(0),
      headers: { ...update.record.headers },
    };
    expect(await world.settle([world.redriven(row, 'r1')])).toEqual([]);
    const unknown = { ...row, headers: { ...row.headers, 'idempotency-key': 'unknown' } };
    expect(await world.settle([world.redriven(unknown, 'r1')])).toEqual([]);
  });
});

describe('headers that we did not write', () => {
  const waitingHead = async () => {
    const update = world.write(1);
    await world.fail(update.idempotencyKey, 'transient', 1);
    await world.settle([update]);
    const [row] = await world.waiting();
    if (!row) throw new Error('nothing waits');
    return { update, row };
  };

  it.each(['99', 'NaN', '', '-1', '9'.repeat(400)])(
    'attempt %j counts once it is due, and not before',
    async (attempt) => {
      const { update, row } = await waitingHead();
      expect(await world.settle([world.redelivered(row, { attempt })])).toEqual([]);
      await store.ask(`update ticketing.parked_conversations set due_at = now() - interval '1 second'`);
      await world.settle([world.redelivered(row, { attempt, 'first-failed-at': 'yesterday', 'due-at': 'soon' })]);
      expect(await outcomesOf([update])).toEqual(['ticket-opened']);
    },
  );

  it('of the first delivery are replaced, not believed', async () => {
    const headers = {
      attempt: '9',
      'due-at': '1',
      'first-failed-at': '1970-01-01T00:00:00.000Z',
      'redrive-id': 'forged',
    };
    const update = world.write(1);
    const forged = { ...update, record: { ...update.record, headers: { ...update.record.headers, ...headers } } };
    await world.fail(update.idempotencyKey, 'transient', 1);
    await world.settle([forged]);
    const [row] = await world.waiting();
    expect(row?.headers).toMatchObject({ attempt: '1' });
    expect(Date.parse(row?.headers['first-failed-at'] ?? '')).toBeGreaterThan(Date.now() - 60_000);
    await world.deliverAll();
    expect(await outcomesOf([update])).toEqual(['ticket-opened']);
  });
});
