import type { Attachment, Priority, Sender, TicketStatus } from '@onceline/contracts';
import type { WantedFields } from './custom-fields.js';
import type { ConversationPolicy } from './policy.js';

/** A customer wrote something. Ids and times are given, so that a rule never looks at a clock. */
export interface RecordCustomerMessage {
  readonly type: 'record-customer-message';
  readonly idempotencyKey: string;
  readonly botId: string;
  /** Chat id with its namespace: business chats can have the id of an ordinary chat. */
  readonly chatId: string;
  /** What one ticket is about: bot, chat and topic, in groups also customer. */
  readonly conversation: string;
  /** Of the forum topic; null in none, and in "General". */
  readonly topicId: string | null;
  readonly sender: Sender;
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
  /** Where its chat has gone on, when it is no more. */
  readonly migratedTo?: string;
  readonly policy: ConversationPolicy;
}

/** Staff wrote something in Telegram. */
export interface RecordStaffMessage {
  readonly type: 'record-staff-message';
  readonly idempotencyKey: string;
  readonly botId: string;
  readonly chatId: string;
  readonly topicId: string | null;
  /** Where it can only be meant for one: that of a business chat, of a topic with one ticket, or of the customer whose message it answers. */
  readonly conversation: string | null;
  /** The message that it answers. */
  readonly answers: number | null;
  readonly sender: Sender;
  readonly messageId: number;
  readonly text: string | null;
  readonly attachments: readonly Attachment[];
  readonly mediaGroupId: string | null;
  /** For colleagues: the customer is not answered by it. */
  readonly isNote: boolean;
  readonly migratedTo?: string;
  /** RFC 3339 UTC, as with customers. */
  readonly sentAt: string;
  readonly editedAt: string | null;
  readonly occurredAt: string;
}

/** Somebody changed a message that the ticket holds. */
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

/** Messages were deleted in Telegram, some of which tickets may hold. */
export interface RecordMessageDeletions {
  readonly type: 'record-message-deletions';
  readonly idempotencyKey: string;
  readonly botId: string;
  readonly chatId: string;
  /** In the order of the messages, each once. */
  readonly messageIds: readonly number[];
  /** When we received it, RFC 3339 UTC. */
  readonly occurredAt: string;
}

/** One of them, which the ticket holds. */
export interface RecordMessageDeletion extends Omit<RecordMessageDeletions, 'type' | 'messageIds'> {
  readonly type: 'record-message-deletion';
  readonly messageId: number;
}

/** What happens in a chat beside what is said there. */
export type Happening =
  /** In the private chat of this customer. */
  | { readonly type: 'bot-blocked' | 'bot-unblocked'; readonly customerId: string }
  /** The group. */
  | { readonly type: 'member-left'; readonly customerId: string; readonly wasRemoved: boolean }
  | { readonly type: 'topic-closed' | 'topic-reopened'; readonly topicId: string };

/** Something happened that concerns the active tickets of a topic, or of a customer in a chat. */
export interface RecordHappening {
  readonly type: 'record-happening';
  readonly idempotencyKey: string;
  readonly botId: string;
  readonly chatId: string;
  readonly happening: Happening;
  /** By Telegram's clock, RFC 3339 UTC. */
  readonly happenedAt: string;
  /** When we received it, RFC 3339 UTC. */
  readonly occurredAt: string;
}

/** A group has become a supergroup: another chat. */
export interface RecordChatMigration {
  readonly type: 'record-chat-migration';
  readonly idempotencyKey: string;
  readonly botId: string;
  /** The supergroup. */
  readonly chatId: string;
  readonly fromChatId: string;
  /** When we received it, RFC 3339 UTC. */
  readonly occurredAt: string;
}

/** A ticket of the group goes on in the supergroup. */
export interface MoveTicket extends Omit<RecordChatMigration, 'type'> {
  readonly type: 'move-ticket';
  readonly conversation: string;
}

/** What an agent wants to be otherwise. What is left out stays. */
export interface TicketChanges {
  /** A ticket is new only once. */
  readonly status?: Exclude<TicketStatus, 'new'> | undefined;
  /** With the status `snoozed`, and with no other. RFC 3339 UTC. */
  readonly snoozedUntil?: string | undefined;
  readonly priority?: Priority | undefined;
  readonly assignee?: string | null | undefined;
  readonly team?: string | null | undefined;
  /** All of them. */
  readonly tags?: readonly string[] | undefined;
  /** All of them. */
  readonly watchers?: readonly string[] | undefined;
  /** By name; those that are left out stay, and null removes. */
  readonly fields?: WantedFields | undefined;
}

export interface ChangeTicket {
  readonly type: 'change-ticket';
  readonly idempotencyKey: string;
  /** Who asks for it. */
  readonly by: string;
  readonly changes: TicketChanges;
  readonly occurredAt: string;
}

export interface AddNote {
  readonly type: 'add-note';
  readonly idempotencyKey: string;
  readonly by: string;
  readonly text: string;
  readonly occurredAt: string;
}

/** What an update asks for, as far as it says so itself. */
export type IntakeCommand =
  RecordCustomerMessage | RecordStaffMessage | RecordMessageDeletions | RecordHappening | RecordChatMigration;
/** The same where it has found its ticket, or that there is none. */
export type UpdateCommand =
  | RecordCustomerMessage
  | RecordStaffMessage
  | RecordMessageEdit
  | RecordMessageDeletion
  | RecordHappening
  | RecordMissingUpdate
  | MoveTicket;
/** What an agent asks for. */
export type AgentCommand = ChangeTicket | AddNote;
