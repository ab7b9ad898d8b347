/** Names of all record headers. Values are readable text. */
export const HEADERS = {
  botId: 'bot-id',
  receivedAt: 'received-at',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  idempotencyKey: 'idempotency-key',
  updateKind: 'update-kind',
  rawOffset: 'raw-offset',
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
  dueAt: 'due-at',
  retriedAt: 'retried-at',
  handlerVersion: 'handler-version',
  failureClass: 'failure-class',
  deadLetterReason: 'dead-letter-reason',
  conversation: 'conversation',
  previousTraceparent: 'previous-traceparent',
  redriveId: 'redrive-id',
  redriveCount: 'redrive-count',
} as const;

/** One of the names in {@link HEADERS}. */
export type HeaderName = (typeof HEADERS)[keyof typeof HEADERS];

/** What each header means: the table that the docs repeat and a test compares. */
export const HEADER_MEANINGS: Readonly<Record<HeaderName, string>> = {
  'bot-id': 'Telegram user id of the bot, from the webhook route',
  'received-at': 'when the ingress had the whole body, RFC 3339 UTC with milliseconds',
  traceparent: 'W3C trace context of the step that wrote the record, also where its trace is not recorded',
  tracestate: 'W3C vendor state that belongs to traceparent',
  'idempotency-key': 'identity of the update, see idempotency-key.ts',
  'update-kind': 'top-level field of the update besides update_id; "none" when there is none',
  'raw-offset': 'where the first copy lies in the same partition of telegram.updates.raw',
  'event-id': 'identity of a ticket event; a copy has the same one',
  'event-type': 'type of a ticket event, past tense',
  consumer: 'the consumer that failed',
  attempt: 'tries made so far; 0 before the first one of a redrive, or of an update that waited behind another one',
  'first-failed-at': 'time of the first failure, RFC 3339 UTC',
  'failure-kind': 'permanent, transient or unavailable',
  'failure-code': 'stable code of the cause, e.g. malformed-update',
  'failure-message': 'the cause in words, at most 1 KiB, without message text or secrets',
  'origin-topic': 'topic the failed record was read from',
  'origin-partition': 'partition the failed record was read from',
  'origin-offset': 'offset the failed record was read at',
  'origin-timestamp': 'timestamp of the failed record, milliseconds since the epoch',
  'due-at': 'the next try begins no earlier, milliseconds since the epoch',
  'retried-at': 'when the record left for its wait, milliseconds since the epoch',
  'handler-version': 'version of the consumer that failed',
  'failure-class': 'pipeline (our own) or destination (the endpoint of somebody else)',
  'dead-letter-reason': 'why nothing is tried any more: permanent, no-tries-left or too-old',
  conversation: 'what the consumer keeps in order with it, where that is not the record key',
  'previous-traceparent': 'W3C trace context of the try before, which the next one links to',
  'redrive-id': 'the redrive that brought the record',
  'redrive-count': 'how many redrives have taken its update, this one and cancelled ones included',
};

/**
 * Text that a header, a JSON document and PostgreSQL can all hold: U+0000 and half a surrogate pair are replaced by a visible mark, so that
 * a record never fails for a character and a reader sees that something stood there.
 */
export function readableText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\u2400');
}
