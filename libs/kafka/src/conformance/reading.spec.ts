import { randomUUID } from 'node:crypto';
import type { KafkaError } from '../errors.js';
import type { RecordBatch } from '../port.js';
import { type Bench, codeOf, commit, newGroup, record, textOf, until } from './bench.spec.js';

/** Reading whole topics, and what is known of topics from the outside. */
export function reading(bench: Bench): void {
  describe('reading', () => {
    it('ends at once on an empty topic, and on one that ends in control records', async () => {
      const topic = await bench.newTopic(2);
      expect(await bench.readAll(topic)).toEqual([]);
      const producer = await bench.fenced();
      await producer.transact({ writes: [{ topic, partition: 0, records: [record('k', 'v')] }] });
      // A commit is answered before its markers are in the logs.
      await until('the commit is visible', async () => (await bench.high(topic))[0] === 2);
      const batches: RecordBatch[] = [];
      await bench.kafka.read(topic, (batch) => void batches.push(batch));
      expect(batches.flatMap(({ records }) => records.map(textOf))).toEqual(['v']);
      expect(batches.at(-1)!.nextOffset).toBe((await bench.high(topic))[0]);
    });

    it('stops at the end offsets found at the call', async () => {
      const topic = await bench.newTopic();
      const producer = await bench.kafka.producer();
      for (let i = 0; i < 10; i++) await producer.send(topic, record(null, `${i}`));
      const seen: (string | null)[] = [];
      await bench.kafka.read(topic, async ({ records }) => {
        await producer.send(topic, record(null, 'meanwhile'));
        seen.push(...records.map(textOf));
      });
      expect(seen).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));
    });

    it('reads what is left when the beginning was deleted, also when nothing is left', async () => {
      const topic = await bench.newTopic();
      const producer = await bench.kafka.producer();
      for (let i = 0; i < 5; i++) await producer.send(topic, record(null, `${i}`));
      await bench.deleteRecords(topic, 0, 3);
      expect(await bench.valuesOf(topic)).toEqual(['3', '4']);
      await bench.deleteRecords(topic, 0, 5);
      expect(await bench.valuesOf(topic)).toEqual([]);
      expect(await bench.kafka.admin.offsets(topic)).toEqual([{ low: 5, high: 5 }]);
    });

    it('tells when the oldest record was written that a group has not settled, whoever holds its partition', async () => {
      const topic = await bench.newTopic(2);
      const group = newGroup();
      const oldest = () => bench.kafka.oldestUnread(group, topic);
      expect(await oldest()).toBeUndefined();
      const producer = await bench.kafka.producer();
      const send = (timestamp: number, partition: number) =>
        producer.send(topic, { ...record(null, 'v'), timestamp }, { partition });
      const now = Date.now();
      await send(now - 5000, 0);
      await send(now - 7000, 1);
      expect(await oldest()).toBe(now - 7000);

      let handled = 0;
      const consumer = await bench.consume({
        ...{ groupId: group, topics: [topic] },
        handle: async (batches) => {
          handled += batches.reduce((sum, { records }) => sum + records.length, 0);
          return handled > 2 ? { settle: 'redeliver', afterMs: 60_000 } : commit;
        },
      });
      await until('both are settled', async () => (await oldest()) === undefined);
      // What a consumer has read, and rests over, is as unsettled as what nobody has read.
      await send(now - 3000, 1);
      await send(now - 1000, 1);
      await until('the third is seen', () => handled > 2);
      expect(await oldest()).toBe(now - 3000);
      await consumer.stop();
      expect(await oldest()).toBe(now - 3000);
    });

    it('takes no record for unread that was aborted, and none that retention deleted', async () => {
      const topic = await bench.newTopic();
      const group = newGroup();
      const producer = await bench.kafka.producer();
      const now = Date.now();
      for (const age of [9000, 8000, 7000]) await producer.send(topic, { ...record(null, 'v'), timestamp: now - age });
      await bench.deleteRecords(topic, 0, 2);
      expect(await bench.kafka.oldestUnread(group, topic)).toBe(now - 7000);
      await bench.deleteRecords(topic, 0, 3);
      const writes = (age: number) => [
        { topic, partition: 0, records: [{ ...record('k', 'v'), timestamp: now - age }] },
      ];
      const nowhere = { topic: `missing-${randomUUID()}`, partition: 0, records: [record('k', 'v')] };
      const fenced = await bench.fenced();
      expect(await codeOf(fenced.transact({ writes: [...writes(6000), nowhere] }))).not.toBe('no error');
      await fenced.fence();
      await fenced.transact({ writes: writes(5000) });
      await until('the commit is visible', async () => (await bench.valuesOf(topic)).length === 1);
      expect(await bench.kafka.oldestUnread(group, topic)).toBe(now - 5000);
    });

    it('starts a group at what is left when its beginning was deleted', async () => {
      const topic = await bench.newTopic();
      const producer = await bench.kafka.producer();
      for (let i = 0; i < 5; i++) await producer.send(topic, record(null, `${i}`));
      await bench.deleteRecords(topic, 0, 3);
      const seen: (string | null)[] = [];
      const consumer = await bench.consume({
        topics: [topic],
        handle: async (batches) => {
          seen.push(...batches.flatMap(({ records }) => records.map(textOf)));
          return commit;
        },
      });
      await until('handled', () => seen.length === 2);
      await consumer.stop();
      expect(seen).toEqual(['3', '4']);
    });

    it('says which topic is missing', async () => {
      const topic = `missing-${randomUUID()}`;
      const work = bench.kafka.read(topic, () => undefined);
      expect(await codeOf(work)).toBe('topic-mismatch');
      await expect(work).rejects.toThrow(topic);
      expect(await codeOf(bench.consume({ topics: [topic], handle: async () => commit }))).toBe('topic-mismatch');
      expect(await codeOf(bench.kafka.admin.offsets(topic))).toBe('topic-mismatch');
    });
  });

  describe('provisioning', () => {
    it('raises what gives room, keeps what else was set by hand, and tells what it left', async () => {
      const { admin } = bench.kafka;
      const [name, other] = [`t-${randomUUID()}`, `t-${randomUUID()}`];
      const declare = (topic: string, config: Record<string, string>) => ({ name: topic, partitions: 1, config });
      const before = {
        'max.message.bytes': '1000',
        'retention.ms': '9000000',
        'segment.bytes': '1048576',
        'flush.ms': '7777',
      };
      const same = declare(other, { 'retention.ms': '5000000' });
      await admin.createMissing([declare(name, before), same], { replicationFactor: 1 });
      const producer = await bench.kafka.producer();
      const large = { key: null, value: Buffer.alloc(2000) };
      expect(await codeOf(producer.send(name, large))).toBe('record-too-large');

      const config = { 'max.message.bytes': '3000', 'retention.ms': '8000000', 'segment.bytes': '2097152' };
      const declared = [declare(name, config), same, declare(`missing-${randomUUID()}`, config)];
      const larger = { topic: name, setting: 'max.message.bytes', found: '1000', declared: '3000' };
      const left = [
        { topic: name, setting: 'retention.ms', found: '9000000', declared: '8000000' },
        { topic: name, setting: 'segment.bytes', found: '1048576', declared: '2097152' },
      ];
      expect(await admin.compareSettings(declared)).toEqual([larger, ...left]);
      expect(await admin.raiseSettings(declared)).toEqual({ raised: [larger], left });
      expect(await admin.raiseSettings(declared)).toEqual({ raised: [], left });
      expect(await producer.send(name, large)).toMatchObject({ topic: name, offset: 0 });
      expect(await admin.compareSettings([declare(name, { 'flush.ms': '1' })])).toMatchObject([{ found: '7777' }]);
    });

    it("compares with the broker's own settings where a topic has none", async () => {
      const topic = await bench.newTopic();
      const config = { 'retention.ms': '604800000', 'cleanup.policy': 'compact,delete' };
      expect(await bench.kafka.admin.compareSettings([{ name: topic, partitions: 1, config }])).toEqual([
        { topic, setting: 'cleanup.policy', found: 'delete', declared: 'compact,delete' },
      ]);
    });

    it('finds what is there while it is asked for what is not', async () => {
      const { admin } = bench.kafka;
      const there = await Promise.all([bench.newTopic(), bench.newTopic(2)]);
      const questions = [`missing-${randomUUID()}`, ...there, `missing-${randomUUID()}`].flatMap((topic) => [
        admin.offsets(topic),
        admin.committed(newGroup(), topic),
      ]);
      const answers = await Promise.allSettled(questions);
      const told = answers.map((it) => (it.status === 'fulfilled' ? it.value.length : (it.reason as KafkaError).code));
      const missing = ['topic-mismatch', 'topic-mismatch'];
      expect(told).toEqual([...missing, 1, 1, 2, 2, ...missing]);
    });

    it('finds the offsets of topics while others are written to for the first time', async () => {
      const producer = await bench.kafka.producer();
      const topics = await Promise.all(Array.from({ length: 40 }, () => bench.newTopic()));
      const [asked, written] = [topics.slice(20), topics.slice(0, 20)];
      const answers = Promise.all(asked.map((topic) => bench.kafka.admin.offsets(topic)));
      for (const topic of written) await producer.send(topic, record(null, 'v'));
      expect(await answers).toEqual(asked.map(() => [{ low: 0, high: 0 }]));
    });

    it('creates what is missing once, and names what differs with the fix', async () => {
      const [a, b, c] = [`t-${randomUUID()}`, `t-${randomUUID()}`, `t-${randomUUID()}`];
      const declare = (name: string, partitions: number) => ({
        name,
        partitions,
        config: { 'retention.ms': '3600000' },
      });
      expect(await bench.kafka.admin.createMissing([declare(a, 2)], { replicationFactor: 1 })).toEqual([a]);
      expect(await bench.kafka.admin.createMissing([declare(a, 2), declare(b, 1)], { replicationFactor: 1 })).toEqual([
        b,
      ]);
      const listed = await bench.kafka.admin.list();
      expect([a, b, c].map((name) => listed.includes(name))).toEqual([true, true, false]);
      const problems = await bench.kafka.admin.check([declare(a, 3), declare(b, 1), declare(c, 4)]);
      expect(problems.map(({ topic }) => topic)).toEqual([a, c]);
      expect(problems[0]!.message).toMatch(/2 partitions.*3/);
      expect(problems[1]!.message).toMatch(/missing.*create.*4 partitions/);
    });

    it('answers offsets and committed offsets per partition', async () => {
      const topic = await bench.newTopic(2);
      const producer = await bench.kafka.producer();
      await producer.send(topic, record(null, 'v'), { partition: 1 });
      expect(await bench.kafka.admin.offsets(topic)).toEqual([
        { low: 0, high: 0 },
        { low: 0, high: 1 },
      ]);
      expect(await bench.kafka.admin.committed(newGroup(), topic)).toEqual([null, null]);
    });
  });
}
