export {
  DEFAULT_PARTITIONS,
  DEFAULT_TICKETING_RUNGS_MS,
  TELEGRAM_RETENTION_MS,
  TOPICS,
  heldIn,
  retryTopicName,
  topicDeclarations,
  type TopicDeclaration,
  type TopicSettings,
} from './topics.js';
export { HEADERS, HEADER_MEANINGS, readableText, type HeaderName } from './headers.js';
export {
  UPDATE_KINDS,
  isJsonObject,
  isKnownKind,
  isMalformed,
  parseUpdate,
  updateKindLabel,
  type JsonObject,
  type MalformedUpdate,
  type TelegramUpdate,
  type UpdateKind,
} from './telegram-update.js';
export { isBotId } from './bot-id.js';
export { parseTraceparent, type Traceparent } from './traceparent.js';
export { conversationKey, idempotencyKey } from './idempotency-key.js';
export { OUTCOMES, type Outcome } from './ledger.js';
export { decodeSeenRecord, encodeSeenRecord, type SeenRecord } from './seen-record.js';
export { duplicateRecordSchema, type DuplicateRecord } from './duplicate-record.js';
export { telegramMessageSchema, type TelegramMessage } from './telegram-message.js';
export {
  attachmentSchema,
  PRIORITIES,
  readTicketEvent,
  storedTicketEvent,
  senderSchema,
  TICKET_STATUSES,
  ticketEventSchema,
  type Attachment,
  type Match,
  type Priority,
  type Sender,
  type TicketEvent,
  type TicketStatus,
} from './ticket-events.js';
export { LINK_KINDS, type LinkKind } from './ticket-work-events.js';
export { SLA_CLOCKS } from './sla-events.js';
