/** A partition gets another leader, its old one stays a follower, and the client remembers the old one. */
import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { startStack, type Stack } from '@onceline/local-stack';
import type { Admin } from 'kafkajs';
import { newClient } from './client/client.js';
import { openCluster } from './client/open-cluster.js';
import { Bench, record, until } from './conformance/bench.spec.js';
import { connectKafka } from './connect-kafka.js';

describe('when a partition has another leader', () => {
  let stack: Stack;
  const bench = new Bench(async () => {
    // Several brokers run as processes only.
    stack = await startStack({ postgres: false, brokers: 3, mode: 'embedded' });
    const { brokers } = stack.kafka;
    return {
      connect: () => connectKafka({ brokers, clientId: 'moved-leader' }),
      deleteRecords: () => Promise.reject(new Error('not used here')),
      stop: () => stack.stop(),
    };
  });
  beforeAll(() => bench.open(), 120_000);
  afterAll(() => bench.close(), 60_000);

  it('is asked for its offsets there', async () => {
    const topic = `t-${randomUUID()}`;
    const { admin } = bench.kafka;
    await admin.createMissing([{ name: topic, partitions: 1, config: {} }], { replicationFactor: 3 });
    const producer = await bench.kafka.producer();
    await producer.send(topic, record(null, 'v'));
    expect(await admin.offsets(topic)).toEqual([{ low: 0, high: 1 }]);
    await moveLeader(topic);
    expect(await admin.offsets(topic)).toEqual([{ low: 0, high: 1 }]);
  }, 60_000);

  async function moveLeader(topic: string): Promise<void> {
    const options = { brokers: stack.kafka.brokers, clientId: 'mover' };
    const admin = newClient(options).admin();
    await admin.connect();
    try {
      const { leader: before, replicas } = await partitionOf(admin, topic);
      const others = replicas.filter((id) => id !== before);
      await admin.alterPartitionReassignments({
        topics: [{ topic, partitionAssignment: [{ partition: 0, replicas: [...others, before] }] }],
      });
      await until('another is preferred', async () => (await partitionOf(admin, topic)).replicas[0] === others[0]);
      await electPreferredLeader(topic);
      await until('it leads', async () => (await partitionOf(admin, topic)).leader === others[0]);
    } finally {
      await admin.disconnect();
    }
  }

  const partitionOf = async (admin: Admin, topic: string) =>
    (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]!.partitions[0]!;

  /** A request that kafkajs does not know. */
  async function electPreferredLeader(topic: string): Promise<void> {
    const { cluster, carrier } = await openCluster({ brokers: stack.kafka.brokers, clientId: 'elector' });
    try {
      await cluster.refreshMetadata();
      const broker = await cluster.findControllerBroker();
      const { connectionPool } = broker as unknown as { connectionPool: { send(protocol: object): Promise<unknown> } };
      const Encoder = createRequire(import.meta.url)('kafkajs/src/protocol/encoder.js') as new () => {
        writeInt32(value: number): InstanceType<typeof Encoder>;
        writeString(value: string): InstanceType<typeof Encoder>;
      };
      const body = new Encoder().writeInt32(1).writeString(topic).writeInt32(1).writeInt32(0).writeInt32(10_000);
      await connectionPool.send({
        request: { apiKey: 43, apiVersion: 0, apiName: 'ElectLeaders', encode: () => Promise.resolve(body) },
        response: { decode: (bytes: Buffer) => Promise.resolve(bytes), parse: (bytes: Buffer) => bytes },
      });
    } finally {
      await carrier.disconnect();
    }
  }
});
