import type { KafkaError } from '../errors.js';
import type { ConsumerHandle, RecordBatch } from '../port.js';
import { type Bench, commit, newGroup, record, textOf, until } from './bench.spec.js';

/** Group commit of the consumer, redelivery, rebalance. */
export function consuming(bench: Bench): void {
  describe('group commit', () => {
    it('hands the batches of several partitions to one call, each at most once, within the limit', async () => {
      const topic = await bench.newTopic(4);
      const producer = await bench.kafka.producer();
      await Promise.all(Array.from({ length: 400 }, (_, i) => producer.send(topic, record(null, `${i}`))));
      const calls: (readonly RecordBatch[])[] = [];
      const groupId = newGroup();
      const consumer = await bench.consume({
        groupId,
        topics: [topic],
        maxRecords: 150,
        handle: async (batches) => {
          calls.push(batches);
          return commit;
        },
      });
      const count = () => calls.flat().reduce((sum, { records }) => sum + records.length, 0);
      await until('all records are handled', () => count() >= 400);
      await consumer.stop();
      expect(count()).toBe(400);
      expect(calls.some((batches) => batches.length > 1)).toBe(true);
      for (const batches of calls) {
        expect(new Set(batches.map((b) => b.partition)).size).toBe(batches.length);
        expect(batches.reduce((sum, b) => sum + b.records.length, 0)).toBeLessThanOrEqual(150);
      }
      expect(await bench.kafka.admin.committed(groupId, topic)).toEqual([100, 100, 100, 100]);
    });

    it('never calls the handler twice at the same time, and goes on after what was committed', async () => {
      const topic = await bench.newTopic(2);
      const producer = await bench.kafka.producer();
      await Promise.all(Array.from({ length: 20 }, (_, i) => producer.send(topic, record(null, `${i}`))));
      const groupId = newGroup();
      const seen: (string | null)[] = [];
      let running = 0;
      const handle = async (batches: readonly RecordBatch[]) => {
        expect(++running).toBe(1);
        await new Promise((resolve) => setTimeout(resolve, 20));
        seen.push(...batches.flatMap(({ records }) => records.map(textOf)));
        running--;
        return commit;
      };
      const first = await bench.consume({ groupId, topics: [topic], handle, maxRecords: 3 });
      await until('the first consumer handled all', () => seen.length >= 20);
      await first.stop();
      await Promise.all(Array.from({ length: 5 }, (_, i) => producer.send(topic, record(null, `later ${i}`))));
      const second = await bench.consume({ groupId, topics: [topic], handle, maxRecords: 3 });
      await until('the second consumer handled the rest', () => seen.length >= 25);
      await second.stop();
      expect(seen.length).toBe(25);
      expect(new Set(seen).size).toBe(25);
    });
  });

  describe('redelivery', () => {
    it('hands the same records over again after the time, with every partition paused meanwhile', async () => {
      const topic = await bench.newTopic(2);
      const producer = await bench.kafka.producer();
      for (let i = 0; i < 4; i++) await producer.send(topic, record(null, `${i}`));
      const calls: { at: number; values: (string | null)[] }[] = [];
      const groupId = newGroup();
      const consumer = await bench.consume({
        groupId,
        topics: [topic],
        handle: async (batches) => {
          calls.push({ at: Date.now(), values: batches.flatMap(({ records }) => records.map(textOf)) });
          return calls.length === 1 ? { settle: 'redeliver', afterMs: 400 } : commit;
        },
      });
      await until('the first call', () => calls.length === 1);
      await until('paused', () => consumer.assignment().every(({ state }) => state === 'paused'));
      expect(await bench.kafka.admin.committed(groupId, topic)).toEqual([null, null]);
      const handled = () => new Set(calls.slice(1).flatMap(({ values }) => values));
      await until('all handled', () => handled().size === 4);
      expect(calls[1]!.at - calls[0]!.at).toBeGreaterThanOrEqual(390);
      expect(
        calls
          .slice(1)
          .flatMap(({ values }) => values)
          .sort(),
      ).toEqual(['0', '1', '2', '3']);
      await until('committed', async () => (await bench.kafka.admin.committed(groupId, topic)).every((o) => o === 2));
      expect(consumer.assignment().every(({ state }) => state === 'running')).toBe(true);
      await consumer.stop();
    });

    it('reports a handler that throws once, and commits nothing of it', async () => {
      const topic = await bench.newTopic();
      const producer = await bench.kafka.producer();
      await producer.send(topic, record(null, 'poison'));
      const failures: KafkaError[] = [];
      const groupId = newGroup();
      const consumer = await bench.consume({
        groupId,
        topics: [topic],
        handle: () => Promise.reject(new Error('a defect')),
        onFailure: (error) => void failures.push(error),
      });
      await until('the failure', () => failures.length > 0);
      await consumer.stop();
      expect(failures.map(({ code, message }) => ({ code, message }))).toEqual([
        { code: 'client', message: 'the handler threw: a defect' },
      ]);
      expect(await bench.kafka.admin.committed(groupId, topic)).toEqual([null]);
      expect(consumer.isReady()).toBe(false);
    });
  });

  describe('rebalance', () => {
    it('shares the partitions between two members, and gives them back when one leaves', async () => {
      const topic = await bench.newTopic(4);
      const producer = await bench.kafka.producer();
      const groupId = newGroup();
      const seen: (string | null)[] = [];
      const join = (): Promise<ConsumerHandle> =>
        bench.consume({
          groupId,
          topics: [topic],
          handle: async (batches) => {
            seen.push(...batches.flatMap(({ records }) => records.map(textOf)));
            return commit;
          },
        });
      const send = (text: string) =>
        Promise.all(Array.from({ length: 40 }, (_, i) => producer.send(topic, record(null, `${text} ${i}`))));
      const first = await join();
      expect(first.assignment().length).toBe(4);
      await send('one');
      const second = await join();
      await until('each has two', () => first.assignment().length === 2 && second.assignment().length === 2);
      const owned = [...first.assignment(), ...second.assignment()].map(({ partition }) => partition);
      expect(owned.sort()).toEqual([0, 1, 2, 3]);
      await send('two');
      await until('two rounds handled', () => new Set(seen).size === 80);
      await first.stop();
      await until('the second has all', () => second.assignment().length === 4 && second.isReady());
      await send('three');
      await until('three rounds handled', () => new Set(seen).size === 120);
      await second.stop();
      expect(await bench.kafka.admin.committed(groupId, topic)).toEqual([30, 30, 30, 30]);
    });
  });
}
