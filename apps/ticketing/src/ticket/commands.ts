import type { Attachment } from '@onceline/contracts';

/** A customer wrote something. Ids and times are given, so that a rule never looks at a clock. */
export interface RecordCustomerMessage {
  readonly type: 'record-customer-message';
  readonly idempotencyKey: string;
  readonly botId: string;
  /** Chat id with its namespace: business chats can have the id of an ordinary chat. */
  readonly chatId: string;
  /** What one ticket is about: bot and chat, in groups also topic and customer. */
  readonly conversation: string;
  readonly customerId: string;
  readonly messageId: number;
  readonly text: string | null;
  readonly attachments: readonly Attachment[];
  /** Shared by the messages of one album. */
  readonly mediaGroupId: string | null;
  /** Whether it calls the bot (`/start`) and says nothing to a person. */
  readonly isBotCommand: boolean;
  /** When the customer wrote it, RFC 3339 UTC. */
  readonly sentAt: string;
  /** When the customer changed it, by Telegram's clock, RFC 3339 UTC; null as long as it reads as it was written. */
  readonly editedAt: string | null;
  /** When we received it, RFC 3339 UTC. */
  readonly occurredAt: string;
  /** Used when the message opens a ticket. */
  readonly newTicketId: string;
}

/** A customer changed a message that the ticket holds. */
export interface RecordMessageEdit {
  readonly type: 'record-message-edit';
  readonly idempotencyKey: string;
  readonly botId: string;
  readonly chatId: string;
  readonly messageId: number;
  readonly text: string | null;
  readonly attachments: readonly Attachment[];
  /** By Telegram's clock, RFC 3339 UTC. */
  readonly editedAt: string;
  /** When we received it, RFC 3339 UTC. */
  readonly occurredAt: string;
}

/** An update of the conversation was given up: whoever reads the ticket must see that something is not there. */
export interface RecordMissingUpdate {
  readonly type: 'record-missing-update';
  readonly idempotencyKey: string;
  readonly updateKind: string;
  /** Code of the failure. */
  readonly reason: string;
  readonly receivedAt: string;
  /** When it was given up, RFC 3339 UTC. */
  readonly occurredAt: string;
}

export type TicketCommand = RecordCustomerMessage | RecordMessageEdit | RecordMissingUpdate;
