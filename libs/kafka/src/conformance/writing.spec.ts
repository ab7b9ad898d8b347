import { randomUUID } from 'node:crypto';
import { partitionFor } from '../partitioner.js';
import { type Bench, codeOf, newGroup, record, textOf, until } from './bench.spec.js';

/** Acknowledgement, ordering, group commit, atomicity, fencing. */
export function writing(bench: Bench): void {
  describe('acknowledgement', () => {
    it('answers where the record lies, and the record is there byte for byte', async () => {
      const topic = await bench.newTopic(3);
      const producer = await bench.kafka.producer();
      const value = Buffer.from([0, 1, 2, 250, 255]);
      const at = await producer.send(topic, {
        key: 'kéy',
        value,
        headers: { a: 'ä', b: '' },
        timestamp: 1_700_000_000_123,
      });
      expect(at).toEqual({ topic, partition: partitionFor('kéy', 3), offset: 0 });
      expect(await bench.readAll(topic)).toEqual([
        { ...at, timestamp: 1_700_000_000_123, key: 'kéy', value, headers: { a: 'ä', b: '' } },
      ]);
    });

    it('keeps a missing key, an empty value and a tombstone apart', async () => {
      const topic = await bench.newTopic();
      const producer = await bench.kafka.producer();
      await producer.send(topic, { key: null, value: Buffer.alloc(0) });
      await producer.send(topic, { key: '', value: null });
      const found = await bench.readAll(topic);
      expect(found.map(({ key, value }) => ({ key, value }))).toEqual([
        { key: null, value: Buffer.alloc(0) },
        { key: '', value: null },
      ]);
      expect(Math.abs(found[0]!.timestamp - Date.now())).toBeLessThan(60_000);
    });

    it('refuses a topic that is not there, and a partition that is not there', async () => {
      const producer = await bench.kafka.producer();
      expect(await codeOf(producer.send(`missing-${randomUUID()}`, record('k', 'v')))).toBe('topic-mismatch');
      const topic = await bench.newTopic(2);
      expect(await codeOf(producer.send(topic, record('k', 'v'), { partition: 2 }))).toBe('topic-mismatch');
    });

    it('refuses a record that is too large, and its neighbours arrive', async () => {
      const topic = await bench.newTopic(1, { 'max.message.bytes': '2000' });
      const producer = await bench.kafka.producer();
      const sends = [record('a', 'x'.repeat(900)), record('b', 'x'.repeat(5000)), record('c', 'x'.repeat(900))].map(
        (r) => codeOf(producer.send(topic, r)),
      );
      expect(await Promise.all(sends)).toEqual(['no error', 'record-too-large', 'no error']);
      expect((await bench.readAll(topic)).map(({ key }) => key)).toEqual(['a', 'c']);
    });

    it('answers what was sent before a close and refuses what comes after', async () => {
      const topic = await bench.newTopic();
      const producer = await bench.kafka.producer();
      const sends = Array.from({ length: 50 }, (_, i) => producer.send(topic, record(null, `${i}`)));
      await producer.close();
      expect((await Promise.all(sends)).length).toBe(50);
      expect(await codeOf(producer.send(topic, record('k', 'v')))).toBe('closed');
    });
  });

  describe('ordering', () => {
    it('keeps the order of concurrent sends of one key, also while the topic is still unknown', async () => {
      const topic = await bench.newTopic(4);
      const producer = await bench.kafka.producer();
      const keys = ['a', 'b', 'c', 'd', 'e'];
      const sends = Array.from({ length: 2000 }, (_, i) => producer.send(topic, record(keys[i % 5]!, `${i}`)));
      await Promise.all(sends);
      const found = await bench.readAll(topic);
      expect(found.length).toBe(2000);
      for (const key of keys) {
        const mine = found.filter((r) => r.key === key);
        expect(new Set(mine.map((r) => r.partition))).toEqual(new Set([partitionFor(key, 4)]));
        expect(mine.map((r) => Number(textOf(r)))).toEqual(mine.map((_, i) => i * 5 + keys.indexOf(key)));
      }
    });

    it('spreads records without a key over all partitions, and obeys a partition that is given', async () => {
      const topic = await bench.newTopic(3);
      const producer = await bench.kafka.producer();
      await Promise.all(Array.from({ length: 30 }, (_, i) => producer.send(topic, record(null, `${i}`))));
      expect(await bench.high(topic)).toEqual([10, 10, 10]);
      expect((await producer.send(topic, record('any', 'v'), { partition: 2 })).partition).toBe(2);
    });
  });

  describe('group commit', () => {
    it('shares requests between concurrent sends: many more sends than round trips', async () => {
      const topic = await bench.newTopic(1);
      const producer = await bench.kafka.producer({ maxRequestsInFlight: 1 });
      const at = await Promise.all(Array.from({ length: 3000 }, (_, i) => producer.send(topic, record(null, `${i}`))));
      expect(at.map(({ offset }) => offset)).toEqual(at.map((_, i) => i));
    });
  });

  describe('atomicity', () => {
    it('shows all writes of a transaction and its offset, together', async () => {
      const [left, right, input] = [await bench.newTopic(2), await bench.newTopic(1), await bench.newTopic(2)];
      const groupId = newGroup();
      const producer = await bench.fenced();
      for (let i = 0; i < 3; i++) {
        await producer.transact({
          writes: [
            { topic: left, partition: 1, records: [record('a', `l${i}`), record('b', `m${i}`)] },
            { topic: right, partition: 0, records: [record('a', `r${i}`)] },
          ],
          offset: { groupId, topic: input, partition: 1, nextOffset: 7 + i },
        });
      }
      expect(await bench.committedValuesOf(left, 6)).toEqual(['l0', 'm0', 'l1', 'm1', 'l2', 'm2']);
      expect(await bench.committedValuesOf(right, 3)).toEqual(['r0', 'r1', 'r2']);
      expect((await bench.readAll(left)).every(({ partition }) => partition === 1)).toBe(true);
      // The offset becomes visible with the markers, a moment after the commit is answered.
      await until('the offset is committed', async () => (await bench.kafka.admin.committed(groupId, input))[1] === 9);
      expect(await bench.kafka.admin.committed(groupId, input)).toEqual([null, 9]);
    });

    it('shows nothing of a transaction that failed, and needs a fence afterwards', async () => {
      const topic = await bench.newTopic();
      const producer = await bench.fenced();
      const bad = producer.transact({
        writes: [
          { topic, partition: 0, records: [record('a', 'never')] },
          { topic: `missing-${randomUUID()}`, partition: 0, records: [record('a', 'never')] },
        ],
      });
      expect(await codeOf(bad)).not.toBe('no error');
      expect(await codeOf(producer.transact({ writes: [] }))).toBe('transaction-failed');
      await producer.fence();
      await producer.transact({ writes: [{ topic, partition: 0, records: [record('a', 'now')] }] });
      expect(await bench.committedValuesOf(topic, 1)).toEqual(['now']);
    });

    it('needs a fence before the first transaction, and nothing goes after a close', async () => {
      const producer = bench.kafka.transactionalProducer({ transactionalId: randomUUID() });
      expect(await codeOf(producer.transact({ writes: [] }))).toBe('transaction-failed');
      await producer.close();
      expect(await codeOf(producer.fence())).toBe('closed');
      expect(await codeOf(producer.transact({ writes: [] }))).toBe('closed');
    });

    it('writes more than one request holds in one transaction, in order', async () => {
      const topic = await bench.newTopic();
      const producer = await bench.fenced();
      const records = Array.from({ length: 1200 }, (_, i) => record(null, `${i}`.padEnd(2000, '.')));
      await producer.transact({ writes: [{ topic, partition: 0, records }] });
      const values = await bench.committedValuesOf(topic, records.length);
      expect(values.map((text) => parseInt(text!, 10))).toEqual(records.map((_, i) => i));
    });
  });

  describe('fencing', () => {
    it('shuts out the earlier owner of an id; its records stay hidden', async () => {
      const topic = await bench.newTopic();
      const transactionalId = randomUUID();
      const write = (text: string) => ({ writes: [{ topic, partition: 0, records: [record('k', text)] }] });
      const old = await bench.fenced(transactionalId);
      await old.transact(write('old'));
      const next = await bench.fenced(transactionalId);
      expect(await codeOf(old.transact(write('zombie')))).toBe('fenced');
      await next.transact(write('new'));
      expect(await bench.committedValuesOf(topic, 2)).toEqual(['old', 'new']);
      // The fence works both ways: the old owner may take the id back.
      await old.fence();
      await old.transact(write('back'));
      expect(await codeOf(next.transact(write('zombie')))).toBe('fenced');
      expect(await bench.committedValuesOf(topic, 3)).toEqual(['old', 'new', 'back']);
    });
  });
}
