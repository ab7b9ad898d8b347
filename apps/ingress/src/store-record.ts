import { KafkaError, sendInSpan, type BatchingProducer } from '@onceline/kafka';
import type { Context } from '@opentelemetry/api';
import type { BrokerHealth } from './broker-health.js';
import type { AddressedRecord } from './record-update.js';

/**
 * Writes one record, in group commit with others, and notes whether the broker does its work. Every record carries the id of a trace; the
 * sending is a span only where the trace is recorded.
 *
 * @param join the trace of the request, which becomes that of the record
 */
export async function storeRecord(
  producer: BatchingProducer,
  broker: BrokerHealth,
  addressed: AddressedRecord,
  join: Context,
): Promise<void> {
  try {
    await sendInSpan(addressed, { join }, (record) => producer.send(addressed.topic, record));
    broker.stored();
  } catch (error) {
    if (error instanceof KafkaError && error.code !== 'closed') broker.failed(error.code);
    throw error;
  }
}
