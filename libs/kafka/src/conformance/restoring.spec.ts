import type { PartitionTask } from '../port.js';
import { type Bench, codeOf, newGroup, record, textOf, unexpected, until } from './bench.spec.js';

/** Consumers with state per partition. */
export function restoring(bench: Bench): void {
  describe('restore', () => {
    /** A task that counts the values it has seen, and keeps the count in its changelog. */
    const counting = (input: string, changelog: string, groupId: string) => {
      const states = new Map<number, string[]>();
      const events: string[] = [];
      const createTask = (partition: number): PartitionTask => {
        const producer = bench.kafka.transactionalProducer({ transactionalId: `${groupId}-${partition}` });
        const seen: string[] = [];
        states.set(partition, seen);
        return {
          fence: () => (events.push(`fence ${partition}`), producer.fence()),
          restore: (records) => void seen.push(...records.map((r) => textOf(r)!)),
          handle: async ({ records, nextOffset }) => {
            const values = records.map((r) => textOf(r)!);
            if (values.includes('stumble') && !events.includes('stumbled')) {
              events.push('stumbled');
              throw new Error('stumbled');
            }
            await producer.transact({
              writes: [{ topic: changelog, partition, records: values.map((value) => record(null, value)) }],
              offset: { groupId, topic: input, partition, nextOffset },
            });
            seen.push(...values);
          },
          close: () => (events.push(`close ${partition}`), producer.close()),
        };
      };
      return { states, events, createTask };
    };

    it('restores the state before it handles, and goes on where the transactions ended', async () => {
      const [input, changelog] = [await bench.newTopic(3), await bench.newTopic(3)];
      const groupId = newGroup();
      const producer = await bench.kafka.producer();
      const send = (text: string) =>
        Promise.all(Array.from({ length: 30 }, (_, i) => producer.send(input, record(null, `${text}-${i}`))));
      const all = (states: Map<number, string[]>) => [...states.values()].flat();
      const start = (tasks: ReturnType<typeof counting>) =>
        bench.kafka.consumePartitions({
          groupId,
          topic: input,
          changelog,
          maxRecords: 4,
          onFailure: unexpected,
          ...tasks,
        });

      await send('one');
      const before = counting(input, changelog, groupId);
      const first = await start(before);
      await until('the first handled all', () => all(before.states).length === 30);
      expect(first.isReady()).toBe(true);
      await first.stop();
      expect(before.events.filter((e) => e.startsWith('close')).length).toBe(3);

      await send('two');
      const after = counting(input, changelog, groupId);
      const second = await start(after);
      await until('the second handled the rest', () => all(after.states).length >= 60);
      expect(second.assignment().map(({ state }) => state)).toEqual(['running', 'running', 'running']);
      await second.stop();
      expect(all(after.states).length).toBe(60);
      expect(new Set(all(after.states)).size).toBe(60);
      expect((await bench.valuesOf(changelog)).length).toBe(60);
    });

    it('builds a task anew after a throw: closed, fenced, restored, and the batch once more', async () => {
      const [input, changelog] = [await bench.newTopic(1), await bench.newTopic(1)];
      const groupId = newGroup();
      const producer = await bench.kafka.producer();
      await producer.send(input, record(null, 'a'));
      const tasks = counting(input, changelog, groupId);
      const consumer = await bench.kafka.consumePartitions({
        groupId,
        topic: input,
        changelog,
        onFailure: unexpected,
        createTask: tasks.createTask,
      });
      await until('a is handled', () => tasks.states.get(0)?.length === 1);
      await producer.send(input, record(null, 'stumble'));
      await until('both are there after the stumble', () => tasks.states.get(0)?.length === 2);
      expect(tasks.events).toEqual(['fence 0', 'stumbled', 'close 0', 'fence 0']);
      expect(tasks.states.get(0)).toEqual(['a', 'stumble']);
      await consumer.stop();
      expect(await bench.valuesOf(changelog)).toEqual(['a', 'stumble']);
    });

    it('moves a task to a new member and back, and each record is handled exactly once', async () => {
      const [input, changelog] = [await bench.newTopic(4), await bench.newTopic(4)];
      const groupId = newGroup();
      const producer = await bench.kafka.producer();
      const start = (tasks: ReturnType<typeof counting>) =>
        bench.kafka.consumePartitions({
          groupId,
          topic: input,
          changelog,
          onFailure: unexpected,
          createTask: tasks.createTask,
        });
      let sent = 0;
      let sending = true;
      const sender = (async () => {
        while (sending) {
          await Promise.all(Array.from({ length: 20 }, () => producer.send(input, record(null, `${sent++}`))));
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      })();
      const first = await start(counting(input, changelog, groupId));
      await until('the first is ready', () => first.isReady());
      const second = await start(counting(input, changelog, groupId));
      await until('both own two', () => [first, second].every((c) => c.assignment().length === 2 && c.isReady()));
      await first.stop();
      await until('the second owns all', () => second.assignment().length === 4 && second.isReady());
      sending = false;
      await sender;
      await until('everything is through', async () => {
        const done = await bench.kafka.admin.committed(groupId, input);
        return (await bench.high(input)).every((offset, partition) => offset === done[partition]);
      });
      await second.stop();
      const values = await bench.valuesOf(changelog);
      expect(values.length).toBe(sent);
      expect(new Set(values).size).toBe(sent);
    });

    it('tells a task which records were deleted before the group had read them', async () => {
      const [topic, changelog] = [await bench.newTopic(1), await bench.newTopic(1)];
      const groupId = newGroup();
      const producer = await bench.kafka.producer();
      const send = async (...texts: string[]) => {
        for (const text of texts) await producer.send(topic, record(null, text));
      };
      const gaps: string[] = [];
      const tasks = counting(topic, changelog, groupId);
      const start = () =>
        bench.kafka.consumePartitions({
          groupId,
          topic,
          changelog,
          onFailure: unexpected,
          createTask: (partition) => ({
            ...tasks.createTask(partition),
            onGap: async ({ from, to }) => void gaps.push(`${from}-${to}`),
          }),
        });
      await send('a', 'b');
      const first = await start();
      await until('both are handled', () => tasks.states.get(0)?.length === 2);
      await first.stop();
      await send('c', 'd', 'e');
      await bench.deleteRecords(topic, 0, 4);
      const second = await start();
      await until('e is handled', () => tasks.states.get(0)?.length === 3);
      expect([gaps, tasks.states.get(0)]).toEqual([['2-4'], ['a', 'b', 'e']]);
      await second.stop();
    });

    it('refuses a changelog with another partition count', async () => {
      const [topic, changelog] = [await bench.newTopic(2), await bench.newTopic(3)];
      const tasks = counting(topic, changelog, newGroup());
      const work = bench.kafka.consumePartitions({
        groupId: newGroup(),
        topic,
        changelog,
        onFailure: unexpected,
        createTask: tasks.createTask,
      });
      expect(await codeOf(work)).toBe('topic-mismatch');
    });
  });
}
