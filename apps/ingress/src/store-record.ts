import {
  KafkaError,
  failSpan,
  injectTrace,
  startSendSpan,
  type BatchingProducer,
  type OutgoingRecord,
} from '@onceline/kafka';
import { ROOT_CONTEXT, TraceFlags, trace, type Span } from '@opentelemetry/api';
import type { BrokerHealth } from './broker-health.js';
import type { AddressedRecord } from './record-update.js';

/**
 * Writes one record, in group commit with others, and notes whether the broker does its work.
 *
 * @param span of the request; the record joins its trace when that is recorded, and costs nothing otherwise
 */
export async function storeRecord(
  producer: BatchingProducer,
  broker: BrokerHealth,
  { topic, record }: AddressedRecord,
  span: Span | undefined,
): Promise<void> {
  const sending = span && isSampled(span) ? startSending(topic, record, span) : undefined;
  try {
    await producer.send(topic, sending?.record ?? record);
    broker.stored();
  } catch (error) {
    if (sending) failSpan(sending.span, error);
    if (error instanceof KafkaError && error.code !== 'closed') broker.failed(error.code);
    throw error;
  } finally {
    sending?.span.end();
  }
}

function startSending(topic: string, record: OutgoingRecord, parent: Span): { span: Span; record: OutgoingRecord } {
  const { span, context } = startSendSpan(topic, record, trace.setSpan(ROOT_CONTEXT, parent));
  return { span, record: { ...record, headers: injectTrace(record.headers ?? {}, context) } };
}

function isSampled(span: Span): boolean {
  return (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;
}
