import { startStack } from '@onceline/local-stack';
import { kafkaConformance } from './conformance/suite.spec.js';
import { connectKafka } from './connect-kafka.js';

kafkaConformance('connectKafka', async () => {
  const stack = await startStack({ postgres: false });
  const { brokers } = stack.kafka;
  return {
    connect: () => connectKafka({ brokers, clientId: 'conformance' }),
    stop: () => stack.stop(),
  };
});
