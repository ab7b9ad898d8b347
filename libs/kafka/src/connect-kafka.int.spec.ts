import { startStack } from '@onceline/local-stack';
import kafkajs from 'kafkajs';
import { kafkaConformance } from './conformance/suite.spec.js';
import { connectKafka } from './connect-kafka.js';

kafkaConformance('connectKafka', async () => {
  const stack = await startStack({ postgres: false });
  const { brokers } = stack.kafka;
  return {
    connect: () => connectKafka({ brokers, clientId: 'conformance' }),
    deleteRecords: (topic, partition, before) => deleteRecords(brokers, { topic, partition, before }),
    stop: () => stack.stop(),
  };
});

async function deleteRecords(
  brokers: string[],
  of: { topic: string; partition: number; before: number },
): Promise<void> {
  const admin = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).admin();
  await admin.connect();
  // The client deletes only in topics it has heard of, and only this question makes it listen.
  await admin.fetchTopicOffsets(of.topic);
  await admin.deleteTopicRecords({
    topic: of.topic,
    partitions: [{ partition: of.partition, offset: String(of.before) }],
  });
  await admin.disconnect();
}
