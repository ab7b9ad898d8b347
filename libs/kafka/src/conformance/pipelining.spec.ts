import type { ConsumerHandle, PartitionTask, RecordBatch } from '../port.js';
import { type Bench, commit, newGroup, record, textOf, unexpected, until } from './bench.spec.js';

/** Fetching ahead of the handler: what waits is neither lost nor handled by two, and no partition waits for another. */
export function pipelining(bench: Bench): void {
  const sendTo = async (topic: string, partition: number, texts: readonly string[]) => {
    const producer = await bench.kafka.producer();
    await Promise.all(texts.map((text) => producer.send(topic, record(null, text), { partition })));
  };
  const numbers = (from: number, count: number) => Array.from({ length: count }, (_, i) => `${from + i}`);
  /** A door that handlers wait at. */
  const door = () => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    return { opened, open };
  };

  describe('fetching ahead', () => {
    it('does not let a partition that is being handled hold up the others', async () => {
      const [input, changelog] = [await bench.newTopic(2), await bench.newTopic(2)];
      const groupId = newGroup();
      const slow = door();
      const seen: string[][] = [[], []];
      const consumer = await bench.kafka.consumePartitions({
        groupId,
        topic: input,
        changelog,
        maxRecords: 5,
        onFailure: unexpected,
        createTask: (partition) => ({
          fence: () => Promise.resolve(),
          restore: () => undefined,
          handle: async ({ records }) => {
            if (partition === 0) await slow.opened;
            seen[partition]!.push(...records.map((r) => textOf(r)!));
          },
          close: () => Promise.resolve(),
        }),
      });
      // More than is held for the slow one, and the fast one gets its own afterwards.
      await sendTo(input, 0, numbers(0, 100));
      for (const text of numbers(0, 20)) {
        await sendTo(input, 1, [text]);
        await until(`the other partition handled ${text}`, () => seen[1]!.at(-1) === text);
      }
      expect(seen[0]).toEqual([]);
      slow.open();
      await until('the slow one is through', () => seen[0]!.length === 100);
      expect(seen).toEqual([numbers(0, 100), numbers(0, 20)]);
      await consumer.stop();
    });

    it('takes all that came during one call into the next, in order', async () => {
      const topic = await bench.newTopic(1);
      const first = door();
      const calls: (string | null)[][] = [];
      const consumer = await bench.consume({
        topics: [topic],
        handle: async (batches) => {
          calls.push(batches.flatMap(({ records }) => records.map(textOf)));
          await first.opened;
          return commit;
        },
      });
      await sendTo(topic, 0, ['0']);
      await until('the first call', () => calls.length === 1);
      for (const text of numbers(1, 9)) await sendTo(topic, 0, [text]);
      // Long enough for the client to fetch them, whatever it is waiting for.
      await new Promise((resolve) => setTimeout(resolve, 300));
      first.open();
      await until('all handled', () => calls.flat().length === 10);
      expect(calls).toEqual([['0'], numbers(1, 9)]);
      await consumer.stop();
    });
  });

  describe('what waits for the handler', () => {
    /** Handles the first record only after the door; counts what became settled. */
    const behindDoor = (seen: string[]) => {
      const first = door();
      const handle = async (batches: readonly RecordBatch[]) => {
        if (seen.length === 0) await first.opened;
        seen.push(...batches.flatMap(({ records }) => records.map((r) => textOf(r)!)));
        return commit;
      };
      return { first, handle };
    };

    it('is not handled at a stop, is not committed, and comes to the next consumer', async () => {
      const topic = await bench.newTopic(2);
      const groupId = newGroup();
      const before: string[] = [];
      const { first, handle } = behindDoor(before);
      const consumer = await bench.consume({ groupId, topics: [topic], maxRecords: 3, handle });
      for (const partition of [0, 1]) await sendTo(topic, partition, numbers(100 * partition, 10));
      await new Promise((resolve) => setTimeout(resolve, 300));
      const stopped = consumer.stop();
      first.open();
      await stopped;
      expect(before.length).toBeLessThanOrEqual(3);
      const committed = await bench.kafka.admin.committed(groupId, topic);
      expect(committed.reduce<number>((sum, offset) => sum + (offset ?? 0), 0)).toBe(before.length);

      const after: string[] = [];
      const next = await bench.consume({
        groupId,
        topics: [topic],
        handle: async (batches) => {
          after.push(...batches.flatMap(({ records }) => records.map((r) => textOf(r)!)));
          return commit;
        },
      });
      await until('the rest is handled', () => before.length + after.length >= 20);
      await next.stop();
      expect([...before, ...after].sort()).toEqual([...numbers(0, 10), ...numbers(100, 10)].sort());
    });

    it('goes to whoever gets the partition in a rebalance; what is in hand is finished and committed first', async () => {
      const topic = await bench.newTopic(4);
      const groupId = newGroup();
      const seen: string[] = [];
      const { first, handle } = behindDoor(seen);
      const join = (): Promise<ConsumerHandle> => bench.consume({ groupId, topics: [topic], maxRecords: 3, handle });
      const one = await join();
      for (const partition of [0, 1, 2, 3]) await sendTo(topic, partition, numbers(100 * partition, 25));
      await new Promise((resolve) => setTimeout(resolve, 300));
      const joining = join();
      await new Promise((resolve) => setTimeout(resolve, 300));
      first.open();
      const two = await joining;
      await until('each has two', () => one.assignment().length === 2 && two.assignment().length === 2);
      await until('all is committed', async () =>
        (await bench.kafka.admin.committed(groupId, topic)).every((offset) => offset === 25),
      );
      await one.stop();
      await two.stop();
      // No member died and no handler took longer than a session: then nothing is handled twice either.
      expect(seen.length).toBe(100);
      for (const partition of [0, 1, 2, 3]) {
        const mine = seen.filter((text) => Math.floor(Number(text) / 100) === partition);
        expect(mine).toEqual(numbers(100 * partition, 25));
      }
    });

    it('comes again after a redelivery, from the first unsettled record, in order', async () => {
      const topic = await bench.newTopic(2);
      const seen: string[] = [];
      let calls = 0;
      const consumer = await bench.consume({
        topics: [topic],
        maxRecords: 4,
        handle: async (batches) => {
          if (++calls % 3 === 0) return { settle: 'redeliver', afterMs: 30 };
          seen.push(...batches.flatMap(({ records }) => records.map((r) => textOf(r)!)));
          return commit;
        },
      });
      for (const partition of [0, 1]) await sendTo(topic, partition, numbers(100 * partition, 30));
      await until('all settled', () => seen.length >= 60);
      await consumer.stop();
      expect(seen.filter((text) => Number(text) < 100)).toEqual(numbers(0, 30));
      expect(seen.filter((text) => Number(text) >= 100)).toEqual(numbers(100, 30));
    });

    it('is dropped by a task that failed, and the new task begins where the transactions ended', async () => {
      const [input, changelog] = [await bench.newTopic(1), await bench.newTopic(1)];
      const groupId = newGroup();
      let calls = 0;
      const createTask = (partition: number): PartitionTask => {
        const producer = bench.kafka.transactionalProducer({ transactionalId: `${groupId}-${partition}` });
        return {
          fence: () => producer.fence(),
          restore: () => undefined,
          handle: async ({ records, nextOffset }) => {
            if (++calls % 4 === 0) throw new Error('stumbled');
            await producer.transact({
              writes: [{ topic: changelog, partition, records: records.map((r) => record(null, textOf(r)!)) }],
              offset: { groupId, topic: input, partition, nextOffset },
            });
          },
          close: () => producer.close(),
        };
      };
      await sendTo(input, 0, numbers(0, 60));
      const consumer = await bench.kafka.consumePartitions({
        groupId,
        topic: input,
        changelog,
        maxRecords: 5,
        onFailure: unexpected,
        createTask,
      });
      await until('all is through', async () => (await bench.kafka.admin.committed(groupId, input))[0] === 60);
      await consumer.stop();
      expect(await bench.valuesOf(changelog)).toEqual(numbers(0, 60));
      expect(calls).toBeGreaterThan(12);
    });
  });
}
