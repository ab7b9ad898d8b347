import { TOPICS, topicDeclarations } from '@onceline/contracts';
import { connectKafka, KafkaError, type BatchingProducer, type ConsumedRecord, type Kafka } from '@onceline/kafka';
import { eventually, releaseStack, useStack } from '@onceline/testing';
import { openStore, settling, traced, tracedMessage, uniqueRecord, type TestStore } from '../store/fixtures.spec.js';
import { Relay } from './relay.js';
import type { RelayObserver } from './source-loop.js';

let kafka: Kafka;
let store: TestStore;
let producer: BatchingProducer;
let relays: Relay[];

beforeAll(async () => {
  const stack = await useStack();
  kafka = connectKafka({ brokers: stack.kafka.brokers, clientId: 'relay-spec' });
  await kafka.admin.createMissing(topicDeclarations({ partitions: 3 }), { replicationFactor: 1 });
  producer = await kafka.producer();
});
afterAll(async () => {
  await kafka.close();
  await releaseStack();
});
beforeEach(async () => {
  store = await openStore();
  relays = [];
});
afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  await store.close();
});

const silent: RelayObserver = {
  published: () => undefined,
  refused: () => undefined,
  failed: () => undefined,
};

function startRelay(
  changes: {
    producer?: Pick<BatchingProducer, 'send'>;
    observer?: Partial<RelayObserver>;
    standstillMs?: number;
  } = {},
): Relay {
  const relay = new Relay({
    withSession: store.withSession,
    producer: changes.producer ?? producer,
    observer: { ...silent, ...changes.observer },
    ...(changes.standstillMs === undefined ? {} : { standstillMs: changes.standstillMs }),
  });
  relays.push(relay);
  relay.start();
  return relay;
}

const settle = (updates: Parameters<ReturnType<typeof settling>>[0]) => settling(store.withSession)(updates);

/** Published records of this spec's tickets, per ticket in order. */
async function published(): Promise<Map<string, ConsumedRecord[]>> {
  const ours = new Set(
    (await store.ask<{ ticket_id: string }>('select distinct ticket_id from ticketing.events')).map(
      (row) => row.ticket_id,
    ),
  );
  const byTicket = new Map<string, ConsumedRecord[]>();
  await kafka.read(TOPICS.ticketEvents, ({ records }) => {
    for (const record of records) {
      if (record.key === null || !ours.has(record.key)) continue;
      byTicket.set(record.key, [...(byTicket.get(record.key) ?? []), record]);
    }
  });
  return byTicket;
}
const versionsOf = (records: readonly ConsumedRecord[]) =>
  records.map(({ value }) => (JSON.parse(String(value)) as { version: number }).version);
const countOf = (byTicket: ReadonlyMap<string, readonly ConsumedRecord[]>) =>
  [...byTicket.values()].reduce((sum, records) => sum + records.length, 0);

describe('what was committed is published', () => {
  it('the stored bytes under the ticket id, with event id, type and the stored trace context', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    startRelay();
    await settle([{ ...tracedMessage(1), traceparent }]);
    await eventually(async () => expect(countOf(await published())).toBe(2));
    const [records] = [...(await published()).values()];
    const rows = await store.ask<{ payload: string; event_id: string; type: string; ticket_id: string }>(
      'select payload::text, event_id, type, ticket_id from ticketing.events order by version',
    );
    expect(records?.map(({ key, value, headers }) => ({ key, value: String(value), headers }))).toEqual(
      rows.map((row) => ({
        key: row.ticket_id,
        value: row.payload,
        headers: { 'event-id': row.event_id, 'event-type': row.type, traceparent },
      })),
    );
  });

  it('a thousand events of fifty tickets once each, in order per ticket, before a wake-up could be missed', async () => {
    const relay = startRelay();
    for (let round = 0; round < 19; round += 1) {
      await settle(Array.from({ length: 50 }, (_, chat) => tracedMessage(chat)));
      relay.wake();
    }
    await eventually(async () => expect(countOf(await published())).toBe(1000));
    for (const records of (await published()).values()) {
      expect(versionsOf(records)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    }
  });

  it('dead letters with their bytes and headers', async () => {
    startRelay();
    const broken = uniqueRecord({}, { key: 'relay-spec', value: Buffer.from([0, 255, 1]) });
    await settle([traced(broken)]);
    const letters: ConsumedRecord[] = [];
    await eventually(async () => {
      letters.length = 0;
      await kafka.read(TOPICS.ticketingDeadLetter, ({ records }) => {
        letters.push(...records.filter(({ key }) => key === 'relay-spec'));
      });
      expect(letters).toHaveLength(1);
    });
    expect(letters[0]?.value).toEqual(broken.value);
    expect(letters[0]?.headers).toMatchObject({
      'failure-code': 'malformed-update',
      'origin-offset': String(broken.offset),
    });
  });

  it('and then not kept once more: who it was and how it failed stay, what was written goes', async () => {
    const broken = uniqueRecord({}, { key: 'relay-spec-forgets', value: Buffer.from('what a customer wrote') });
    await settle([traced(broken)]);
    const rows = () => store.ask<{ key: string; value: Buffer | null }>('select key, value from ticketing.outbox');
    expect(await rows()).toEqual([{ key: 'relay-spec-forgets', value: broken.value }]);
    startRelay();
    await eventually(async () => expect(await rows()).toEqual([{ key: 'relay-spec-forgets', value: null }]));
    const [row] = await store.ask<{ code: string }>(`select headers ->> 'failure-code' as code from ticketing.outbox`);
    expect(row?.code).toBe('malformed-update');
  });
});

describe('commit order', () => {
  it('a transaction left open holds back what was committed after it, and loses nothing', async () => {
    let published_ = 0;
    startRelay({ observer: { published: (_, count) => (published_ += count) } });
    const insert = `insert into ticketing.events (ticket_id, version, type, event_id, idempotency_key, payload)
      values ($1, 1, 'ticket-opened', $1 || '.1', 'k', '{"version":1}')`;
    await store.postgres.transaction(async (early) => {
      await early.query(insert, [`early-${store.url}`]);
      await store.postgres.query(insert, [`late-${store.url}`]);
      await new Promise((resolve) => setTimeout(resolve, 1000));
      expect(published_).toBe(0);
    });
    await eventually(async () =>
      expect([...(await published()).keys()].sort()).toEqual([`early-${store.url}`, `late-${store.url}`]),
    );
    expect(published_).toBe(2);
  });
});

describe('at least once, in order', () => {
  it('acknowledged but the cursor not moved: repeated under the same event ids, first copies in order', async () => {
    let failures = 0;
    const forgetful: Pick<BatchingProducer, 'send'> = {
      async send(topic, record, options) {
        const position = await producer.send(topic, record, options);
        if (failures === 0 && (failures += 1)) throw await failureOf(producer);
        return position;
      },
    };
    const failed: unknown[] = [];
    startRelay({ producer: forgetful, observer: { failed: (error) => failed.push(error) } });
    await settle(Array.from({ length: 40 }, (_, index) => tracedMessage(index % 4)));
    await eventually(async () => expect(countOf(await published())).toBe(88));
    expect(failed).toHaveLength(1);
    for (const records of (await published()).values()) {
      const ids = records.map(({ headers }) => headers['event-id']);
      expect(new Set(ids).size).toBe(11);
      const firstCopies = records.filter(({ headers }, index) => ids.indexOf(headers['event-id']) === index);
      expect(versionsOf(firstCopies)).toEqual(Array.from({ length: 11 }, (_, index) => index + 1));
    }
  });

  it('its connection cut: goes on by itself with another one', async () => {
    const failed: unknown[] = [];
    const relay = startRelay({ observer: { failed: (error) => failed.push(error) } });
    await eventually(() => expect(relay.isPublisher()).toBe(true));
    await store.ask(`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database =
      (select oid from pg_database where datname = current_database())`);
    await settle([tracedMessage(1)]);
    await eventually(async () => expect(countOf(await published())).toBe(2));
    expect(failed.length).toBeGreaterThan(0);
  });
});

describe('events that do not get through', () => {
  const brokenAs = (key: string) => traced(uniqueRecord({}, { key, value: Buffer.from('broken') }));
  const lettersOf = async (wanted: string) => {
    const letters: ConsumedRecord[] = [];
    await kafka.read(TOPICS.ticketingDeadLetter, ({ records }) => {
      letters.push(...records.filter(({ key }) => key === wanted));
    });
    return letters.length;
  };

  it('hold up no dead letter and no retry while they are sent, and none when they fail; they follow in order', async () => {
    let answer: (outcome: 'fail' | 'go on') => void = () => undefined;
    let held = new Promise<'fail' | 'go on'>((resolve) => {
      answer = resolve;
      setTimeout(() => resolve('go on'), 45_000).unref();
    });
    const failed: unknown[] = [];
    const partly: Pick<BatchingProducer, 'send'> = {
      async send(topic, record, options) {
        if (topic === TOPICS.ticketEvents && (await held) === 'fail') {
          throw new KafkaError('delivery-timeout', 'not acknowledged');
        }
        return producer.send(topic, record, options);
      },
    };
    startRelay({ producer: partly, observer: { failed: (error) => failed.push(error) } });
    const [waiting, failing] = [`waiting-${store.url}`, `failing-${store.url}`];
    await settle([tracedMessage(1)]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await settle([brokenAs(waiting)]);
    await eventually(async () => expect(await lettersOf(waiting)).toBe(1));

    answer('fail');
    held = Promise.resolve('fail');
    await eventually(() => expect(failed.length).toBeGreaterThan(0));
    await settle([tracedMessage(1), brokenAs(failing)]);
    await eventually(async () => expect(await lettersOf(failing)).toBe(1));

    held = Promise.resolve('go on');
    await eventually(async () => expect(countOf(await published())).toBe(3));
    expect([...(await published()).values()].map(versionsOf)).toEqual([[1, 2, 3]]);
  });
});

describe('a record that Kafka can never take', () => {
  it('is set aside with its bytes and told, and what comes behind it goes out', async () => {
    const refused: object[] = [];
    const failed: unknown[] = [];
    startRelay({
      observer: { refused: (source, row) => refused.push({ source, ...row }), failed: (error) => failed.push(error) },
    });
    const insert = `insert into ticketing.outbox (topic, key, value, headers) values ($1, $2, $3, '{"a":"b"}') returning id::text`;
    const large = Buffer.alloc(4 * 1024 * 1024, 7);
    const [row] = await store.ask<{ id: string }>(insert, [TOPICS.ticketingDeadLetter, 'large', large]);
    await store.ask(insert, [TOPICS.ticketingDeadLetter, `behind-${store.url}`, Buffer.from('x')]);
    await eventually(async () => {
      const found: ConsumedRecord[] = [];
      await kafka.read(TOPICS.ticketingDeadLetter, ({ records }) => {
        found.push(...records.filter(({ key }) => key === `behind-${store.url}`));
      });
      expect(found).toHaveLength(1);
    });
    // Both left in one burst: the one that was taken may be seen before the other's refusal is.
    await eventually(() => expect(refused).toHaveLength(1));
    expect(refused).toEqual([
      { source: 'outbox', id: row?.id, topic: TOPICS.ticketingDeadLetter, key: 'large', reason: 'record-too-large' },
    ]);
    expect(failed).toEqual([]);
    const [kept] = await store.ask<{ value: Buffer }>(
      'select source, id::text, topic, key, value, headers, reason from ticketing.outbox_refused',
    );
    expect(kept?.value.equals(large)).toBe(true);
    expect({ ...kept, value: undefined }).toEqual({ ...refused[0], value: undefined, headers: { a: 'b' } });
  });
});

describe('one publisher', () => {
  it('that stands still loses its lock to another one, and goes on as a standby', async () => {
    let goOn: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => (goOn = resolve));
    const still: Pick<BatchingProducer, 'send'> = {
      send: (topic, record) => stopped.then(() => producer.send(topic, record)),
    };
    const first = startRelay({ producer: still, standstillMs: 500 });
    await eventually(() => expect(first.isPublisher()).toBe(true));
    const second = startRelay({ standstillMs: 500 });
    // A process that stands still does so with all that it publishes.
    await settle([tracedMessage(1), traced(uniqueRecord({}, { value: Buffer.from('broken') }))]);
    try {
      // More than two on a machine so busy that the other one stands still for half a second as well: each leaves at least once.
      await eventually(async () => expect(countOf(await published())).toBeGreaterThanOrEqual(2));
    } finally {
      goOn();
    }
    await eventually(() => expect([first.isPublisher(), second.isPublisher()]).toEqual([false, true]));
  });

  it('leaves neither its lock nor its time limit in the pool', async () => {
    const relay = startRelay();
    await eventually(() => expect(relay.isPublisher()).toBe(true));
    const locks = () =>
      store.ask(
        `select 1 from pg_locks where locktype = 'advisory' and database =
           (select oid from pg_database where datname = current_database())`,
      );
    expect(await locks()).toHaveLength(1);
    await relay.stop();
    await eventually(async () => expect(await locks()).toHaveLength(0));
    const limits = await Promise.all(Array.from({ length: 10 }, () => store.ask('show idle_session_timeout')));
    expect(limits.flat()).toEqual(Array(10).fill({ idle_session_timeout: '0' }));
  });

  it('a second instance stands by, and takes over where the first one stopped', async () => {
    const first = startRelay();
    await eventually(() => expect(first.isPublisher()).toBe(true));
    const second = startRelay();
    await settle([tracedMessage(1)]);
    await eventually(async () => expect(countOf(await published())).toBe(2));
    expect(second.isPublisher()).toBe(false);
    await first.stop();
    await eventually(() => expect(second.isPublisher()).toBe(true));
    await settle([tracedMessage(1)]);
    await eventually(async () => expect(countOf(await published())).toBe(3));
  });
});

/** A real error of the client, as the relay meets it when an acknowledgement is lost. */
async function failureOf(from: BatchingProducer): Promise<unknown> {
  const tooLarge = { key: 'k', value: Buffer.alloc(3 * 1024 * 1024) };
  return from.send(TOPICS.ticketEvents, tooLarge).then(
    () => new Error('a record above the limit was taken'),
    (error: unknown) => error,
  );
}
