import fc from 'fast-check';
import { InMemoryCluster } from './in-memory/cluster.js';
import { createInMemoryKafka } from './in-memory/create-in-memory-kafka.js';
import { backoffMs } from './partition-session.js';
import type { ConsumerHandle, Kafka, PartitionTask } from './port.js';
import { commit, record, textOf, unexpected, until } from './conformance/bench.spec.js';

describe('backoffMs', () => {
  it('lies between 50 ms and 5 s, and spreads over its whole range', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        const ms = backoffMs(failures, () => random);
        expect(ms).toBeGreaterThanOrEqual(50);
        expect(ms).toBeLessThanOrEqual(5000);
      }),
    );
    expect(backoffMs(4, () => 1)).toBe(800);
    expect(backoffMs(4, () => 0.5)).toBe(400);
  });
});

describe('an assigned partition', () => {
  const topics = ['in', 'log'].map((name) => ({ name, partitions: 1, config: {} }));
  let cluster: InMemoryCluster;
  let kafka: Kafka;
  beforeEach(async () => {
    cluster = new InMemoryCluster();
    kafka = createInMemoryKafka({ cluster });
    await kafka.admin.createMissing(topics, { replicationFactor: 1 });
  });
  afterEach(() => kafka.close());

  /** Copies each record to the changelog; `steps` tells what was called. */
  const copying = (steps: string[], faults: { fence?: number } = {}) => {
    let fences = 0;
    return (partition: number): PartitionTask => {
      const producer = kafka.transactionalProducer({ transactionalId: `copy-${partition}` });
      return {
        fence: async () => {
          steps.push('fence');
          if (fences++ < (faults.fence ?? 0)) throw new Error('not yet');
          await producer.fence();
        },
        restore: (records) => void steps.push(`restore ${records.map(textOf).join()}`),
        handle: async ({ records, nextOffset }) => {
          steps.push(`handle ${records.map(textOf).join()}`);
          await producer.transact({
            writes: [{ topic: 'log', partition, records: records.map((r) => record(r.key, textOf(r)!)) }],
            offset: { groupId: 'g', topic: 'in', partition, nextOffset },
          });
        },
        close: async () => {
          steps.push('close');
          await producer.close();
        },
      };
    };
  };
  const start = (createTask: (partition: number) => PartitionTask, maxRecords = 1000): Promise<ConsumerHandle> =>
    kafka.consumePartitions({
      groupId: 'g',
      topic: 'in',
      changelog: 'log',
      maxRecords,
      createTask,
      onFailure: unexpected,
    });
  const send = async (...texts: string[]) => {
    const producer = await kafka.producer();
    for (const text of texts) await producer.send('in', record(null, text));
  };

  it('tries again with a new task after a failed fence, and closes each task once', async () => {
    const steps: string[] = [];
    await send('a');
    const consumer = await start(copying(steps, { fence: 2 }));
    expect(consumer.isReady()).toBe(false);
    await until('handled', () => steps.includes('handle a'));
    expect(steps).toEqual(['fence', 'close', 'fence', 'close', 'fence', 'handle a']);
    await consumer.stop();
    expect(steps.at(-1)).toBe('close');
    expect(steps.filter((step) => step === 'close').length).toBe(3);
  });

  it('survives an outage in the middle, and every record comes out once', async () => {
    const steps: string[] = [];
    const consumer = await start(copying(steps));
    await send('a');
    await until('a is handled', () => steps.includes('handle a'));
    cluster.setAvailable(false);
    await new Promise((resolve) => setTimeout(resolve, 30));
    cluster.setAvailable(true);
    await send('b', 'c');
    const values: (string | null)[] = [];
    await until('all are in the changelog', async () => {
      values.length = 0;
      await kafka.read('log', ({ records }) => void values.push(...records.map(textOf)));
      return values.length >= 3;
    });
    expect(values).toEqual(['a', 'b', 'c']);
    await consumer.stop();
  });

  it('builds anew when another owner fenced it, with what that owner wrote', async () => {
    const steps: string[] = [];
    const consumer = await start(copying(steps));
    await send('a');
    await until('a is committed', async () => (await kafka.admin.committed('g', 'in'))[0] === 1);
    const usurper = kafka.transactionalProducer({ transactionalId: 'copy-0' });
    await usurper.fence();
    await usurper.transact({ writes: [{ topic: 'log', partition: 0, records: [record(null, 'theirs')] }] });
    await send('b');
    await until('b is committed', async () => (await kafka.admin.committed('g', 'in'))[0] === 2);
    expect(steps).toEqual(['fence', 'handle a', 'handle b', 'close', 'fence', 'restore a,theirs', 'handle b']);
    await consumer.stop();
  });

  it('does not start on a partition that is taken away while it restores', async () => {
    const steps: string[] = [];
    const consumer = await start(copying(steps, { fence: Number.POSITIVE_INFINITY }));
    await until('a few tries', () => steps.filter((step) => step === 'fence').length > 2);
    await consumer.stop();
    const after = steps.length;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(steps.length).toBe(after);
  });

  describe('and what retention deleted unread', () => {
    /** {@link copying}, with the gaps among the steps. */
    const watching = (steps: string[], onGap: () => void = () => undefined) => {
      const createTask = copying(steps);
      return (partition: number): PartitionTask => ({
        ...createTask(partition),
        onGap: async ({ from, to }) => {
          steps.push(`gap ${from}-${to}`);
          onGap();
        },
      });
    };
    const copyAndStop = async (...texts: string[]) => {
      const consumer = await start(copying([]));
      await send(...texts);
      await until('all are committed', async () => (await kafka.admin.committed('g', 'in'))[0] === texts.length);
      await consumer.stop();
    };

    it('tells the task what is gone behind the committed offset, before the first record', async () => {
      await copyAndStop('a', 'b');
      await send('c', 'd', 'e');
      cluster.deleteRecords('in', 0, 4);
      const steps: string[] = [];
      const consumer = await start(watching(steps));
      await until('e is handled', () => steps.includes('handle e'));
      expect(steps).toEqual(['fence', 'restore a,b', 'gap 2-4', 'handle e']);
      await consumer.stop();
    });

    it('tells it when nothing is left to handle, and again to a task that could not take it', async () => {
      await copyAndStop('a');
      await send('b');
      cluster.deleteRecords('in', 0, 2);
      const steps: string[] = [];
      let tries = 0;
      const consumer = await start(
        watching(steps, () => {
          if (++tries === 1) throw new Error('not yet');
        }),
      );
      await until('ready', () => consumer.isReady());
      expect(steps).toEqual(['fence', 'restore a', 'gap 1-2', 'close', 'fence', 'restore a', 'gap 1-2']);
      await consumer.stop();
    });

    it('says nothing when all of it was read, nor to a group without a committed offset', async () => {
      await send('a', 'b');
      cluster.deleteRecords('in', 0, 1);
      const steps: string[] = [];
      const first = await start(watching(steps));
      await until('b is handled', () => steps.includes('handle b'));
      await first.stop();
      cluster.deleteRecords('in', 0, 2);
      const second = await start(watching(steps));
      await until('ready', () => second.isReady());
      await second.stop();
      expect(steps.filter((step) => step.startsWith('gap'))).toEqual([]);
    });

    it('tells it when retention overtakes a task that lags', async () => {
      const steps: string[] = [];
      let release = () => undefined as void;
      const held = new Promise<void>((resolve) => (release = resolve));
      const createTask = watching(steps);
      const consumer = await start((partition) => {
        const task = createTask(partition);
        return {
          ...task,
          handle: async (batch) => {
            if (batch.records[0]?.offset === 0) await held;
            await task.handle(batch);
          },
        };
      }, 1);
      await send('a', 'b', 'c', 'd', 'e', 'f', 'g');
      await until('a waits', () => consumer.assignment()[0]?.state === 'running');
      await new Promise((resolve) => setTimeout(resolve, 30));
      cluster.deleteRecords('in', 0, 6);
      release();
      await until('g is handled', () => steps.includes('handle g'));
      const handled = steps.filter((step) => step.startsWith('handle')).length;
      expect(steps.filter((step) => step.startsWith('gap'))).toEqual([`gap ${handled - 1}-6`]);
      expect(handled).toBeLessThan(7);
      await consumer.stop();
    });
  });

  it('goes on beside a batch consumer of its own changelog', async () => {
    const seen: (string | null)[] = [];
    const consumer = await start(copying([]));
    const follower = await kafka.consume({
      groupId: 'f',
      topics: ['log'],
      handle: async (batches) => {
        seen.push(...batches.flatMap(({ records }) => records.map(textOf)));
        return commit;
      },
      onFailure: unexpected,
    });
    await send('a', 'b');
    await until('followed', () => seen.length === 2);
    await follower.stop();
    await consumer.stop();
  });
});
