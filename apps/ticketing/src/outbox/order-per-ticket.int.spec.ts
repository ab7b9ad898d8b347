/** A ticket's events leave in the order of its versions, also when the transaction of a later one is older than that of an earlier one. */
import { TOPICS, topicDeclarations } from '@onceline/contracts';
import { connectKafka, type Kafka } from '@onceline/kafka';
import { eventually, releaseStack, useStack } from '@onceline/testing';
import { World } from '../parking/world.spec.js';
import { openStore, testRules, type TestStore } from '../store/fixtures.spec.js';
import { settleBatchOn } from '../store/settle-batch.js';
import { Relay } from './relay.js';

let kafka: Kafka;
let store: TestStore;
let other: TestStore;

beforeAll(async () => {
  const stack = await useStack();
  kafka = connectKafka({ brokers: stack.kafka.brokers, clientId: 'order-spec' });
  await kafka.admin.createMissing(topicDeclarations({ partitions: 3, ticketingRungsMs: [1000] }), {
    replicationFactor: 1,
  });
  store = await openStore();
  other = await openStore(store.url);
});
afterAll(async () => {
  await Promise.all([store.close(), other.close()]);
  await kafka.close();
  await releaseStack();
});

/** Versions of a ticket's events as a consumer of the topic meets them. */
async function published(ticketId: string): Promise<number[]> {
  const versions: number[] = [];
  await kafka.read(TOPICS.ticketEvents, ({ records }) => {
    for (const { key, value } of records) {
      if (key === ticketId) versions.push((JSON.parse(String(value)) as { version: number }).version);
    }
  });
  return versions;
}

/** What a relay adds to the topic until all events of the ticket are there. */
async function publishAll(ticketId: string, count: number): Promise<number[]> {
  const { length: before } = await published(ticketId);
  const producer = await kafka.producer();
  const silent = { published: () => undefined, refused: () => undefined };
  const failures: unknown[] = [];
  const failed = (error: unknown) => failures.push(error);
  const relay = new Relay({ withSession: store.withSession, producer, observer: { ...silent, failed } });
  relay.start();
  const versions = await eventually(async () => {
    const found = (await published(ticketId)).slice(before);
    expect(found.length).toBeGreaterThanOrEqual(count);
    return found;
  });
  await relay.stop();
  await producer.close();
  expect(failures).toEqual([]);
  return versions;
}

it('a transaction that waits for one conversation while another instance goes on with the next', async () => {
  const world = new World(store);
  await world.settle([world.write(3)]);
  const heads = world.writeAll([1, 2, 3]);
  for (const { idempotencyKey } of heads) await world.fail(idempotencyKey, 'transient', 1);
  await world.settle(heads);
  const third = (await world.waiting())[2];
  if (!third) throw new Error('three conversations should wait');

  // Somebody holds the second conversation: whoever locks all of them has begun, and waits.
  let settling: Promise<unknown> | undefined;
  await other.postgres.transaction(async (holder) => {
    await holder.query(`select 1 from ticketing.parked_conversations where conversation = '7:2' for update`);
    const next = world.writeAll([1, 2, 3, 3]);
    settling = settleBatchOn(store.withSession, testRules())(next, { locked: true });
    await eventually(async () =>
      expect(
        await other.ask(
          `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        ),
      ).toHaveLength(1),
    );
    await world.settle([world.redelivered(third)], other.withSession);
  });
  await settling;

  const [ticket] = await store.ask<{ id: string }>(`select ticket_id as id from ticketing.tickets where chat_id = '3'`);
  const rows = await store.ask<{ version: number; writer: string }>(
    `select version, xmin::text as writer from ticketing.events where ticket_id = $1 order by version`,
    [ticket?.id],
  );
  expect(rows.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5]);
  // What this is about did happen: version 4 was written by a transaction that had begun before that of version 3.
  expect(Number(rows[3]?.writer)).toBeLessThan(Number(rows[2]?.writer));
  expect(await publishAll(ticket?.id ?? '', 5)).toEqual([1, 2, 3, 4, 5]);
});
