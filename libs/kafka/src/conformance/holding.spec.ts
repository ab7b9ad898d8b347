import type { ConsumedRecord, HoldingConsumerOptions } from '../port.js';
import { type Bench, newGroup, record, textOf, unexpected, until } from './bench.spec.js';

/** Consumers that keep records until their time. Each record's value says how long after its append it is due. */
export function holding(bench: Bench): void {
  describe('holding', () => {
    interface Gone {
      readonly text: string;
      readonly due: number;
      readonly at: number;
    }
    const WAIT = 300;
    const dueOf = (r: ConsumedRecord) => r.timestamp + Number(textOf(r)!.split(' ')[0]);
    const hold = (topic: string, groupId: string, gone: Gone[], options: Partial<HoldingConsumerOptions> = {}) =>
      bench.kafka.hold({
        groupId,
        topics: [topic],
        dueTimesOf: (r) => ({ due: dueOf(r), earliestBehind: r.timestamp + WAIT }),
        forward: async (records) => {
          gone.push(...records.map((r) => ({ text: textOf(r)!, due: dueOf(r), at: Date.now() })));
        },
        onFailure: unexpected,
        ...options,
      });
    const send = async (topic: string, count: number, jitter = 1) => {
      const producer = await bench.kafka.producer();
      const texts = Array.from({ length: count }, (_, i) => `${WAIT + (i % jitter)} ${i}`);
      await Promise.all(texts.map((text) => producer.send(topic, record(null, text))));
      return texts.sort();
    };
    const texts = (gone: readonly Gone[]) => gone.map(({ text }) => text).sort();

    it('sends every record on, never before its time, the earliest first', async () => {
      const topic = await bench.newTopic(3);
      const gone: Gone[] = [];
      const consumer = await hold(topic, newGroup(), gone);
      const sent = await send(topic, 500, 30);
      await until('all have gone on', () => gone.length >= 500);
      expect(texts(gone)).toEqual(sent);
      for (const { due, at } of gone) expect(at).toBeGreaterThanOrEqual(due);
      await consumer.stop();
    });

    it('holds no more than it may, and all go on', async () => {
      const topic = await bench.newTopic(1);
      const gone: Gone[] = [];
      const consumer = await hold(topic, newGroup(), gone, { maxHeld: 10 });
      const sent = await send(topic, 300);
      await until('all have gone on', () => gone.length >= 300);
      expect(texts(gone)).toEqual(sent);
      await consumer.stop();
    });

    it('tries again what could not go on', async () => {
      const topic = await bench.newTopic(1);
      const gone: Gone[] = [];
      let refusals = 3;
      const consumer = await hold(topic, newGroup(), gone, {
        forward: async (records) => {
          if (refusals-- > 0) throw new Error('not now');
          gone.push(...records.map((r) => ({ text: textOf(r)!, due: dueOf(r), at: Date.now() })));
        },
      });
      const sent = await send(topic, 20);
      await until('all have gone on', () => gone.length >= 20);
      expect(texts(gone)).toEqual(sent);
      await consumer.stop();
    });

    it('loses nothing when members come and go, and a stop leaves what waits to the next', async () => {
      const topic = await bench.newTopic(4);
      const groupId = newGroup();
      const gone: Gone[] = [];
      const first = await hold(topic, groupId, gone);
      const sent = await send(topic, 400, 100);
      const second = await hold(topic, groupId, gone);
      await first.stop();
      await second.stop();
      const third = await hold(topic, groupId, gone);
      await until('all have gone on', () => new Set(texts(gone)).size === 400, 30_000);
      expect([...new Set(texts(gone))]).toEqual(sent);
      for (const { due, at } of gone) expect(at).toBeGreaterThanOrEqual(due);
      await third.stop();
    });

    it('commits only what has gone on without a hole', async () => {
      const topic = await bench.newTopic(1);
      const groupId = newGroup();
      const gone: Gone[] = [];
      const consumer = await hold(topic, groupId, gone);
      const producer = await bench.kafka.producer();
      await producer.send(topic, record(null, '1500 head'));
      await producer.send(topic, record(null, '300 behind'));
      await until('the one behind has gone on', () => gone.length === 1);
      expect(gone[0]!.text).toBe('300 behind');
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect((await bench.kafka.admin.committed(groupId, topic))[0] ?? 0).toBe(0);
      await until('all is committed', async () => (await bench.kafka.admin.committed(groupId, topic))[0] === 2);
      expect(texts(gone)).toEqual(['1500 head', '300 behind']);
      await consumer.stop();
    });
  });
}
