import { KafkaError, type BatchingProducer } from '@onceline/kafka';
import type { Span } from '@opentelemetry/api';
import type { BrokerHealth } from './broker-health.js';
import type { AddressedRecord } from './record-update.js';

/** Writes one record, group commit included, and notes whether the broker does its work. */
export async function storeRecord(
  producer: BatchingProducer,
  broker: BrokerHealth,
  { topic, record }: AddressedRecord,
  _span: Span | undefined,
): Promise<void> {
  try {
    await producer.send(topic, record);
    broker.stored();
  } catch (error) {
    if (error instanceof KafkaError && error.code !== 'closed') broker.failed(error.code);
    throw error;
  }
}
