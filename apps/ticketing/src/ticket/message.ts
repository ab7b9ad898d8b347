import type { Attachment, Sender } from '@onceline/contracts';
import type { EventOf } from './events.js';

/** A message as it reads now. What it said before is in the ticket's events. */
export interface RecordedMessage {
  readonly botId: string;
  readonly chatId: string;
  readonly messageId: number;
  readonly ticketId: string;
  /** Of the event that brought it. */
  readonly version: number;
  /** Of the event that says what it reads like now. */
  readonly contentVersion: number;
  readonly author: 'customer' | 'staff';
  /** Who wrote it; null where it was not recorded. */
  readonly sender: Sender | null;
  /** RFC 3339 UTC, like every time here. */
  readonly sentAt: string;
  readonly text: string | null;
  /** What it said cannot be read any more. */
  readonly isErased: boolean;
  readonly attachments: readonly Attachment[];
  readonly mediaGroupId: string | null;
  /** Of the edit that it shows; null as long as it reads as it was written. */
  readonly editedAt: string | null;
  readonly editCount: number;
  /** When we heard that it was deleted; null while it stands. What it said stays. */
  readonly deletedAt: string | null;
}

export function recorded(event: EventOf<'message-appended' | 'staff-replied'>): RecordedMessage {
  const { type, data, ticketId, version } = event;
  const { botId, chatId, messageId, sender, sentAt, text, attachments, mediaGroupId, editedAt } = data;
  const author = type === 'staff-replied' ? 'staff' : 'customer';
  const content = { author, sender, sentAt, text, isErased: false, attachments, mediaGroupId } as const;
  const ids = { botId, chatId, messageId, ticketId, version, contentVersion: version };
  return { ...ids, ...content, editedAt, editCount: 0, deletedAt: null };
}

/** Whether the message has this content already. File ids change from bot to bot and over time, what they name does not. */
export function readsLike(message: RecordedMessage, content: Pick<RecordedMessage, 'text' | 'attachments'>): boolean {
  const files = ({ attachments }: Pick<RecordedMessage, 'attachments'>) => attachments.map(identity).join('\n');
  return message.text === content.text && files(message) === files(content);
}

function identity({ type, fileId, fileUniqueId }: Attachment): string {
  return `${type} ${fileUniqueId ?? fileId ?? ''}`;
}

/** Nothing says whether an edit changes what was erased; one that is no later than what counts brings it back. */
export function comesBack({ isErased, editedAt, sentAt }: RecordedMessage, at: string): boolean {
  return isErased && Date.parse(at) <= Date.parse(editedAt ?? sentAt);
}

/** An edit that was redriven may be older than the one that counts: it is in the history, and changes nothing. Edits of one second count in their order. */
export function withEdit(message: RecordedMessage, { data, version }: EventOf<'message-edited'>): RecordedMessage {
  const editCount = message.editCount + 1;
  const isOlder = message.editedAt !== null && Date.parse(data.editedAt) < Date.parse(message.editedAt);
  if (isOlder) return { ...message, editCount };
  const { editedAt, text, attachments } = data;
  return { ...message, editCount, contentVersion: version, editedAt, text, isErased: false, attachments };
}

/** A message is deleted once: who says it again says nothing new. */
export function withDeletion(message: RecordedMessage, { occurredAt }: EventOf<'message-deleted'>): RecordedMessage {
  return { ...message, deletedAt: message.deletedAt ?? occurredAt };
}
