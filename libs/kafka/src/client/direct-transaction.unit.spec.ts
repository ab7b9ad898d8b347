import type { Cluster } from 'kafkajs';
import { DirectTransactions } from './direct-transaction.js';

interface Asked {
  readonly call: string;
  readonly of: Record<string, unknown>;
}

interface Batch {
  readonly partition: number;
  readonly firstSequence: number;
  readonly messages: readonly { value: Buffer }[];
}

const typed = (type: string) => Object.assign(new Error(type), { name: 'KafkaJSProtocolError', type, retriable: true });
const refusing = new Map<string, string[]>();

/** A broker that writes down what it is asked, and refuses what the test has put into `refusing`, call by call. */
class HandBroker {
  readonly nodeId = 1;
  readonly asked: Asked[] = [];
  readonly produced: Batch[][] = [];
  /** Error codes by request and partition; 0 otherwise. */
  codes: Record<number, number>[] = [];
  lookups = 0;

  readonly connectionPool = {
    send: ({ request }: { request: { topicData: { topic: string; partitions: Batch[] }[] } }) => {
      const codes = this.codes.shift() ?? {};
      this.produced.push(request.topicData.flatMap(({ partitions }) => partitions));
      this.asked.push({ call: 'produce', of: request });
      return Promise.resolve({
        topics: request.topicData.map(({ topic, partitions }) => ({
          topicName: topic,
          partitions: partitions.map(({ partition }) => ({
            partition,
            errorCode: codes[partition] ?? 0,
            baseOffset: '0',
          })),
        })),
      });
    },
  };

  lookupRequest = () => (args: object) => ({ request: args, response: {} });
  initProducerId = this.answering('initProducerId', { producerId: '7', producerEpoch: 3 });
  addPartitionsToTxn = this.answering('addPartitionsToTxn', {});
  addOffsetsToTxn = this.answering('addOffsetsToTxn', {});
  txnOffsetCommit = this.answering('txnOffsetCommit', {});
  endTxn = this.answering('endTxn', {});

  cluster(): Cluster {
    return {
      findBroker: () => Promise.resolve(this),
      findGroupCoordinator: () => Promise.resolve((this.lookups++, this)),
      addTargetTopic: () => Promise.resolve(),
      findTopicPartitionMetadata: () => [0, 1, 2].map((partitionId) => ({ partitionId, leader: 1 })),
      isConnected: () => true,
      refreshMetadata: () => Promise.resolve(),
    } as unknown as Cluster;
  }

  calls(): string[] {
    return this.asked.map(({ call }) => call);
  }

  private answering<T>(call: string, answer: T): (of: Record<string, unknown>) => Promise<T> {
    return (of) => {
      this.asked.push({ call, of });
      const refusal = refusing.get(call)?.shift();
      return refusal === undefined ? Promise.resolve(answer) : Promise.reject(typed(refusal));
    };
  }
}

const records = (count: number, bytes = 1) =>
  Array.from({ length: count }, (_, i) => ({ key: null, value: Buffer.alloc(bytes, i), timestamp: 1_700_000_000_000 }));
const write = (partition: number, count = 1, topic = 't') => ({
  target: { topic, partition },
  records: records(count),
});
const OFFSET = { groupId: 'g', topic: 'in', partition: 0, nextOffset: 5 };

async function begun(): Promise<{ broker: HandBroker; transactions: DirectTransactions }> {
  const broker = new HandBroker();
  const transactions = await DirectTransactions.begin(broker.cluster(), 'id', {
    timeoutMs: 10_000,
    isSoleWriter: false,
  });
  broker.asked.length = 0;
  return { broker, transactions };
}

beforeEach(() => refusing.clear());

describe('a transaction', () => {
  it('is few requests: all partitions at once, records and offset, the end', async () => {
    const { broker, transactions } = await begun();
    await transactions.run([write(0, 2), write(1), write(0, 1, 'u')], OFFSET);
    expect(broker.calls()).toEqual([
      'addPartitionsToTxn',
      'addOffsetsToTxn',
      expect.any(String),
      expect.any(String),
      'endTxn',
    ]);
    expect(broker.calls().slice(2, 4).sort()).toEqual(['produce', 'txnOffsetCommit']);
    const owner = { transactionalId: 'id', producerId: '7', producerEpoch: 3 };
    for (const { of } of broker.asked) expect(of).toMatchObject(owner);
    expect(broker.asked[0]!.of.topics).toEqual([
      { topic: 't', partitions: [0, 1] },
      { topic: 'u', partitions: [0] },
    ]);
    const lookups = broker.lookups;
    await transactions.run([write(0)], OFFSET);
    expect(broker.lookups).toBe(lookups);
  });

  it('numbers the records of each partition through, over batches and transactions', async () => {
    const { broker, transactions } = await begun();
    await transactions.run([{ target: { topic: 't', partition: 0 }, records: records(3, 500_000) }, write(1, 4)]);
    await transactions.run([write(0, 2), write(1, 1)]);
    const numbers = broker.produced.map((batches) =>
      batches.map(({ partition, firstSequence, messages }) => [partition, firstSequence, messages.length]),
    );
    expect(numbers).toEqual([
      [
        [0, 0, 1],
        [1, 0, 4],
      ],
      [[0, 1, 1]],
      [[0, 2, 1]],
      [
        [0, 3, 2],
        [1, 4, 1],
      ],
    ]);
  });

  it('waits for the markers of the last one, and asks anew for a coordinator that has moved', async () => {
    const { broker, transactions } = await begun();
    await transactions.run([write(0)]);
    const lookups = broker.lookups;
    refusing.set('addPartitionsToTxn', ['CONCURRENT_TRANSACTIONS', 'CONCURRENT_TRANSACTIONS']);
    refusing.set('endTxn', ['NOT_COORDINATOR_FOR_GROUP']);
    await transactions.run([write(0)]);
    expect(broker.calls().slice(3)).toEqual([
      ...Array<string>(3).fill('addPartitionsToTxn'),
      'produce',
      'endTxn',
      'endTxn',
    ]);
    expect(broker.lookups).toBe(lookups + 1);
  });

  it('of a sole writer is over when readers see it, and fails when they never do, though nothing comes after it', async () => {
    const broker = new HandBroker();
    const options = { timeoutMs: 1000, isSoleWriter: true };
    const transactions = await DirectTransactions.begin(broker.cluster(), 'me', options);
    const seen = ['0', '0', '1'];
    const looked: string[] = [];
    const listOffsets = () => {
      looked.push(seen[0] ?? '');
      if (seen.length === 0) return Promise.reject(new Error('no answer that a later one would better'));
      return Promise.resolve({ responses: [{ topic: 't', partitions: [{ partition: 0, offset: seen.shift() }] }] });
    };
    Object.assign(broker, { listOffsets });
    await transactions.run([write(0)]);
    expect(looked).toEqual(['0', '0', '1']);
    await expect(transactions.run([write(0)])).rejects.toMatchObject({ message: /waiting for the markers/ });
    expect(broker.calls().filter((call) => call === 'endTxn')).toHaveLength(2);
  });

  it('sends again what a leader refused, with the same numbers, and nothing else', async () => {
    const { broker, transactions } = await begun();
    broker.codes = [{ 1: 6 }, { 1: 20 }];
    await transactions.run([write(0, 2), write(1, 3)]);
    const [first, second, third] = broker.produced;
    expect(first!.map(({ partition }) => partition)).toEqual([0, 1]);
    expect(second).toEqual([first![1]]);
    expect(third).toEqual([first![1]]);
  });

  it.each([
    ['a fenced partition', { 1: 47 }, 'INVALID_PRODUCER_EPOCH'],
    ['a batch out of order', { 0: 45 }, 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
  ])('is not committed after %s', async (_, codes, type) => {
    const { broker, transactions } = await begun();
    broker.codes = [codes];
    await expect(transactions.run([write(0), write(1)], OFFSET)).rejects.toMatchObject({ cause: { type } });
    expect(broker.calls()).not.toContain('endTxn');
  });

  it.each(['addPartitionsToTxn', 'addOffsetsToTxn', 'txnOffsetCommit'])(
    'is not committed when %s fails',
    async (call) => {
      const { broker, transactions } = await begun();
      refusing.set(call, ['INVALID_TXN_STATE']);
      await expect(transactions.run([write(0)], OFFSET)).rejects.toMatchObject({ type: 'INVALID_TXN_STATE' });
      expect(broker.calls()).not.toContain('endTxn');
    },
  );

  it('says so when its end fails', async () => {
    const { broker, transactions } = await begun();
    refusing.set('endTxn', ['INVALID_PRODUCER_EPOCH']);
    await expect(transactions.run([write(0)])).rejects.toMatchObject({ type: 'INVALID_PRODUCER_EPOCH' });
    expect(broker.calls().filter((call) => call === 'endTxn').length).toBe(1);
  });
});
