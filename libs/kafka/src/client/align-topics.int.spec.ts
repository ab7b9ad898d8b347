import { randomUUID } from 'node:crypto';
import { startStack, type Stack } from '@onceline/local-stack';
import { connectKafka } from '../connect-kafka.js';
import type { Kafka, KafkaOptions } from '../port.js';
import { alignTopics } from './align-topics.js';

let stack: Stack;
let options: KafkaOptions;
let kafka: Kafka;

beforeAll(async () => {
  stack = await startStack({ postgres: false });
  options = { brokers: stack.kafka.brokers, clientId: 'align-spec' };
  kafka = connectKafka(options);
}, 60_000);
afterAll(async () => {
  await kafka?.close();
  await stack?.stop();
});

it('raises what gives room, keeps what else was set by hand, and tells what it left', async () => {
  const name = `t-${randomUUID()}`;
  const other = { name: `t-${randomUUID()}`, partitions: 1, config: { 'retention.ms': '5000000' } };
  const before = {
    'max.message.bytes': '1000',
    'retention.ms': '9000000',
    'segment.bytes': '1048576',
    'flush.ms': '7777',
  };
  await kafka.admin.createMissing([{ name, partitions: 1, config: before }, other], { replicationFactor: 1 });
  const producer = await kafka.producer();
  const record = { key: null, value: Buffer.alloc(2000) };
  await expect(producer.send(name, record)).rejects.toMatchObject({ code: 'record-too-large' });

  const config = { 'max.message.bytes': '3000', 'retention.ms': '8000000', 'segment.bytes': '2097152' };
  const declared = [{ name, partitions: 1, config }, other, { name: 'not-there', partitions: 1, config }];
  const larger = { topic: name, setting: 'max.message.bytes', found: '1000', declared: '3000' };
  const left = [
    { topic: name, setting: 'retention.ms', found: '9000000', declared: '8000000' },
    { topic: name, setting: 'segment.bytes', found: '1048576', declared: '2097152' },
  ];
  expect(await alignTopics(options, declared, { dryRun: true })).toEqual({ raised: [], left: [larger, ...left] });
  expect(await alignTopics(options, declared)).toEqual({ raised: [larger], left });
  expect(await alignTopics(options, declared)).toEqual({ raised: [], left });
  expect(await producer.send(name, record)).toMatchObject({ topic: name, offset: 0 });

  const flush = [{ name, partitions: 1, config: { 'flush.ms': '1' } }];
  expect((await alignTopics(options, flush)).left).toMatchObject([{ setting: 'flush.ms', found: '7777' }]);
});
