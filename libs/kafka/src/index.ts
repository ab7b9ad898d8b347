export * from './port.js';
export { KAFKA_ERROR_CODES, KafkaError, type KafkaErrorCode } from './errors.js';
export { connectKafka } from './connect-kafka.js';
export { createInMemoryKafka, type InMemoryKafkaOptions } from './in-memory/create-in-memory-kafka.js';
export { InMemoryCluster, type MarkerTarget } from './in-memory/cluster.js';
export { describeDifference, isRaise, type AlignedTopics, type SettingDifference } from './topic-settings.js';
export { partitionFor } from './partitioner.js';
export {
  contextOf,
  injectTrace,
  isSampled,
  recordedFromHere,
  spanContextOf,
  traceIds,
  unrecordedTrace,
} from './trace-headers.js';
export {
  failSpan,
  sendInSpan,
  startRecordSpan,
  withBatchSpan,
  type RecordSpanOptions,
  type SendTraceOptions,
  type SpanInContext,
} from './record-spans.js';
