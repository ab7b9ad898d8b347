import { kafkaConformance } from '../conformance/suite.spec.js';
import { InMemoryCluster } from './cluster.js';
import { createInMemoryKafka } from './create-in-memory-kafka.js';

kafkaConformance('createInMemoryKafka', async () => {
  const cluster = new InMemoryCluster();
  return {
    connect: () => createInMemoryKafka({ cluster }),
    deleteRecords: async (topic, partition, before) => cluster.deleteRecords(topic, partition, before),
    stop: () => Promise.resolve(),
  };
});
