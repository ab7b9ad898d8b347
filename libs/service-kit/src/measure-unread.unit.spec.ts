import { createInMemoryKafka, InMemoryCluster } from '@onceline/kafka';
import { eventually } from '@onceline/testing';
import { measureUnread } from './measure-unread.js';

const topic = (name: string) => ({ name, partitions: 2, config: {} });

it('tells the age of what waits, 0 where nothing does, and of what could not be seen nothing, which hides no other', async () => {
  const kafka = createInMemoryKafka({ cluster: new InMemoryCluster() });
  await kafka.admin.createMissing([topic('busy'), topic('idle')], { replicationFactor: 1 });
  const producer = await kafka.producer();
  await producer.send('busy', { key: 'k', value: null, timestamp: Date.now() - 60_000 });
  await producer.send('busy', { key: 'k', value: null });
  const ages = new Map<string, number>();
  const failures: unknown[] = [];
  const measurement = measureUnread({
    ...{ kafka, groupId: 'spec', topics: ['busy', 'missing', 'idle'] },
    seen: (name, seconds) => void ages.set(name, seconds),
    forget: () => undefined,
    onFailure: (error) => void failures.push(error),
  });
  measurement.start();
  await eventually(() => expect(failures).toHaveLength(1));
  await measurement.stop();
  expect([...ages.keys()]).toEqual(['busy', 'idle']);
  expect(ages.get('busy')).toBeGreaterThanOrEqual(60);
  expect(ages.get('busy')).toBeLessThan(120);
  expect(ages.get('idle')).toBe(0);
  expect(failures).toMatchObject([{ code: 'topic-mismatch' }]);
  await kafka.close();
});
