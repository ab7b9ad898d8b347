/** The holding room on a broker of its own, which is killed and started again. */
import { HEADERS } from '@onceline/contracts';
import { connectKafka, type BatchingProducer, type ConsumedRecord, type Kafka } from '@onceline/kafka';
import { startStack, type Stack } from '@onceline/local-stack';
import { HealthRegistry, createLogger, newMetricsRegistry, type MetricsRegistry } from '@onceline/service-kit';
import { eventually } from '@onceline/testing';
import kafkajs from 'kafkajs';
import { ConsumerLag } from '../consumer-lag.js';
import { HoldingRoom } from './holding-room.js';
import { existingRungs, rungsOf } from './rungs.js';

const PARTITIONS = 3;
const REDELIVERY = 'shop.redelivery';
const topic = (delayMs: number) => ({
  name: `shop.retry.${delayMs}ms`,
  partitions: PARTITIONS,
  config: {},
  holds: { consumer: 'shop', delayMs },
});
const TOPICS = [topic(400), topic(3000)];
/** Of a ladder that is no longer set. */
const LEFT_OVER = 600;
/** Of a ladder that is set elsewhere, later. */
const ADDED = 700;

describe('records that wait', () => {
  let stack: Stack;
  let kafka: Kafka;
  let producer: BatchingProducer;
  let room: HoldingRoom;
  let registry: MetricsRegistry;
  let health: HealthRegistry;
  const fatal: Error[] = [];

  const open = async () => {
    registry = newMetricsRegistry();
    const logger = createLogger('retry', 'silent');
    health = new HealthRegistry();
    const kit = { logger, health, fatal: (error: unknown) => void fatal.push(error as Error) };
    const findRungs = () => existingRungs(kafka.admin, [{ name: REDELIVERY }]);
    const rungs = rungsOf(TOPICS);
    const lag = new ConsumerLag(kafka.admin, registry);
    room = new HoldingRoom({ kit, kafka, groupId: 'holding', rungs, findRungs, registry, lag, findEveryMs: 1500 });
    await room.start();
  };
  const recordOf = (delayMs: number, text: string, headers: Record<string, string> = {}) => ({
    key: `chat ${text}`,
    value: Buffer.from(text),
    headers: { [HEADERS.dueAt]: String(Date.now() + delayMs), ...headers },
  });
  const wait = (delayMs: number, text: string, headers?: Record<string, string>) =>
    producer.send(topic(delayMs).name, recordOf(delayMs, text, headers));
  /** Over a connection of its own: the client finds no topic any more while one that it wrote to is gone. */
  const leaveOver = async (text: string) => {
    const before = connectKafka({ brokers: stack.kafka.brokers, clientId: 'before-spec' });
    await (await before.producer()).send(topic(LEFT_OVER).name, recordOf(LEFT_OVER, text));
    await before.close();
  };
  const deleteTopic = async (delayMs: number) => {
    const client = new kafkajs.Kafka({ brokers: [...stack.kafka.brokers], logLevel: kafkajs.logLevel.NOTHING });
    const admin = client.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic(delayMs).name] });
    await admin.disconnect();
  };
  const back = async () => {
    const found: ConsumedRecord[] = [];
    await kafka.read(REDELIVERY, ({ records }) => void found.push(...records));
    return found;
  };
  const backWith = async (prefix: string) => (await back()).filter(({ value }) => String(value).startsWith(prefix));

  beforeAll(async () => {
    stack = await startStack({ postgres: false, mode: 'embedded' });
    kafka = connectKafka({ brokers: stack.kafka.brokers, clientId: 'retry-spec' });
    await kafka.admin.createMissing(
      [...TOPICS, topic(LEFT_OVER), { name: REDELIVERY, partitions: PARTITIONS, config: {} }],
      {
        replicationFactor: 1,
      },
    );
    producer = await kafka.producer();
    await leaveOver('left over');
    await open();
  }, 120_000);
  afterAll(async () => {
    await room.stop();
    await kafka.close();
    await stack.stop();
  }, 60_000);

  it('come back as they were, in their partition and not before their time', async () => {
    const sent = await Promise.all(
      ['a 1', 'a 2', 'a 3', 'a 4'].map((text) => wait(400, text, { attempt: '1', traceparent: 't' })),
    );
    await eventually(async () => expect((await backWith('a')).length).toBe(4));
    for (const record of await backWith('a')) {
      const text = String(record.value);
      expect(record.key).toBe(`chat ${text}`);
      expect(record.partition).toBe(sent[Number(text.slice(2)) - 1]!.partition);
      expect(record.headers).toMatchObject({ attempt: '1', traceparent: 't' });
      expect(record.timestamp).toBeGreaterThanOrEqual(Number(record.headers[HEADERS.dueAt]));
    }
  });

  it('wait one rung when their due time cannot be true, and are counted', async () => {
    const began = Date.now();
    const absurd = ['', 'soon', '0', '-1', String(Date.now() + 86_400_000 * 365)];
    await Promise.all(absurd.map((dueAt, i) => wait(400, `b ${i}`, { [HEADERS.dueAt]: dueAt })));
    await eventually(async () => expect((await backWith('b')).length).toBe(absurd.length));
    for (const { timestamp } of await backWith('b')) expect(timestamp - began).toBeGreaterThanOrEqual(400);
    const text = await registry.metrics();
    for (const [direction, count] of Object.entries({ none: 3, past: 1, future: 1 }))
      expect(text).toContain(
        `onceline_retry_due_times_distrusted_total{topic="shop.retry.400ms",direction="${direction}"} ${count}`,
      );
  });

  it('come back from topics that nobody declared: there before the room, and made later', async () => {
    const returned = (text: string) =>
      eventually(async () => expect((await backWith(text)).length).toBe(1), { withinMs: 30_000 });
    await returned('left over');
    await kafka.admin.createMissing([topic(ADDED)], { replicationFactor: 1 });
    await wait(ADDED, 'added');
    await returned('added');
  });

  it('come back after a broker that was killed, and after a room that was', async () => {
    const texts = Array.from({ length: 200 }, (_, i) => `c ${i}`);
    await Promise.all(texts.map((text, i) => wait(i % 2 === 0 ? 400 : 3000, text)));
    await stack.kafka.kill(0);
    await stack.kafka.start(0);
    // A process that ends takes its consumer with it; here a client that is stopped while it joins would stay in the group.
    await eventually(() => expect(health.checks('readiness').get('holding')!()).toBeUndefined(), { withinMs: 60_000 });
    await room.stop();
    await open();
    await eventually(
      async () => expect(new Set((await backWith('c')).map(({ value }) => String(value)))).toEqual(new Set(texts)),
      { withinMs: 60_000 },
    );
    for (const { headers, timestamp } of await backWith('c'))
      expect(timestamp).toBeGreaterThanOrEqual(Number(headers[HEADERS.dueAt]));
    expect(fatal).toEqual([]);
  });

  it('go on in a new process when a topic that nobody declared is deleted', async () => {
    await deleteTopic(LEFT_OVER);
    await eventually(() => expect(fatal.length).toBeGreaterThan(0), { withinMs: 30_000 });
    expect(fatal[0]!.message).toContain(`${topic(LEFT_OVER).name}, which held retries, is deleted`);
    await Promise.all([room.stop(), kafka.close()]);
    kafka = connectKafka({ brokers: stack.kafka.brokers, clientId: 'retry-spec' });
    producer = await kafka.producer();
    await open();
    await wait(400, 'after the deletion');
    await eventually(async () => expect((await backWith('after the deletion')).length).toBe(1), { withinMs: 30_000 });
  });
});
