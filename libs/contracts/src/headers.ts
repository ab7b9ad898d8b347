/** Names of all record headers. Values are readable text. */
export const HEADERS = {
  botId: 'bot-id',
  receivedAt: 'received-at',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  idempotencyKey: 'idempotency-key',
  updateKind: 'update-kind',
  eventId: 'event-id',
  eventType: 'event-type',
  consumer: 'consumer',
  attempt: 'attempt',
  firstFailedAt: 'first-failed-at',
  failureKind: 'failure-kind',
  failureCode: 'failure-code',
  failureMessage: 'failure-message',
  originTopic: 'origin-topic',
  originPartition: 'origin-partition',
  originOffset: 'origin-offset',
  originTimestamp: 'origin-timestamp',
} as const;

/** One of the names in {@link HEADERS}. */
export type HeaderName = (typeof HEADERS)[keyof typeof HEADERS];

/** What each header means: the table that the docs repeat and a test compares. */
export const HEADER_MEANINGS: Readonly<Record<HeaderName, string>> = {
  'bot-id': 'Telegram user id of the bot, from the webhook route',
  'received-at': 'when the ingress had the whole body, RFC 3339 UTC with milliseconds',
  traceparent: 'W3C trace context of the step that wrote the record',
  tracestate: 'W3C vendor state that belongs to traceparent',
  'idempotency-key': 'identity of the update, see idempotency-key.ts',
  'update-kind': 'top-level field of the update besides update_id; "none" when there is none',
  'event-id': 'identity of a ticket event; a copy has the same one',
  'event-type': 'type of a ticket event, past tense',
  consumer: 'the consumer that failed',
  attempt: 'tries made so far, from 1',
  'first-failed-at': 'time of the first failure, RFC 3339 UTC',
  'failure-kind': 'permanent, transient or unavailable',
  'failure-code': 'stable code of the cause, e.g. malformed-update',
  'failure-message': 'the cause in words, at most 1 KiB, without message text or secrets',
  'origin-topic': 'topic the failed record was read from',
  'origin-partition': 'partition the failed record was read from',
  'origin-offset': 'offset the failed record was read at',
  'origin-timestamp': 'timestamp of the failed record, milliseconds since the epoch',
};
