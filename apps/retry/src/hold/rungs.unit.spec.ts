import { topicDeclarations } from '@onceline/contracts';
import { createInMemoryKafka } from '@onceline/kafka';
import { existingRungs, rungsOf } from './rungs.js';

const topic = (name: string) => ({ name, partitions: 1, config: {} });

describe('the topics that hold', () => {
  it('by declaration, are those of the ladder', () => {
    expect(rungsOf(topicDeclarations({ ticketingRungsMs: [5000, 60_000] }))).toEqual([
      { topic: 'ticketing.retry.5s', delayMs: 5000, redelivery: 'ticketing.redelivery' },
      { topic: 'ticketing.retry.1m', delayMs: 60_000, redelivery: 'ticketing.redelivery' },
    ]);
  });

  it('are all that exist, of the consumers that take something back', async () => {
    const kafka = createInMemoryKafka();
    const names = ['shop.retry.5s', 'shop.retry.90m', 'shop.retry.soon', 'attic.retry.5s', 'shop.redelivery'];
    await kafka.admin.createMissing(names.map(topic), { replicationFactor: 1 });
    expect(await existingRungs(kafka.admin, [topic('shop.redelivery'), topic('shop.dead-letter')])).toEqual([
      { topic: 'shop.retry.5s', delayMs: 5000, redelivery: 'shop.redelivery' },
      { topic: 'shop.retry.90m', delayMs: 5_400_000, redelivery: 'shop.redelivery' },
    ]);
    await kafka.close();
  });
});
