import { recorded, withDeletion, withEdit, type RecordedMessage } from '../ticket/message.js';
import type { TicketEvent } from '../ticket/events.js';

/** What became of messages: rows to insert, and rows that are there and read differently now. */
export interface MessageChanges {
  readonly appended: readonly RecordedMessage[];
  readonly edited: readonly RecordedMessage[];
}

/** The messages that events are about, each as the last of them left it. */
export class MessageStates {
  private readonly messages = new Map<string, RecordedMessage>();
  private readonly appended = new Set<string>();
  private readonly edited = new Set<string>();

  /** @param known messages that have their rows, by {@link messageKey} */
  constructor(private readonly known: ReadonlyMap<string, RecordedMessage>) {}

  find(key: string): RecordedMessage | undefined {
    return this.messages.get(key) ?? this.known.get(key);
  }

  /** What happens to a message that is not known changes nothing: a history begins with what was written. */
  apply(event: TicketEvent): void {
    switch (event.type) {
      case 'message-appended':
      case 'staff-replied':
        this.messages.set(messageKey(event.data), recorded(event));
        this.appended.add(messageKey(event.data));
        return;
      case 'message-edited':
        return this.change(messageKey(event.data), (message) => withEdit(message, event));
      case 'message-deleted':
        return this.change(messageKey(event.data), (message) => withDeletion(message, event));
    }
  }

  private change(key: string, changed: (message: RecordedMessage) => RecordedMessage): void {
    const message = this.find(key);
    if (!message) return;
    this.messages.set(key, changed(message));
    if (!this.appended.has(key)) this.edited.add(key);
  }

  /** What is left to know once these changes have their rows and only one ticket goes on. */
  writtenOf(ticketId: string): MessageStates {
    return new MessageStates(new Map([...this.messages].filter(([, message]) => message.ticketId === ticketId)));
  }

  changes(): MessageChanges {
    const those = (keys: ReadonlySet<string>) => [...keys].flatMap((key) => this.messages.get(key) ?? []);
    return { appended: those(this.appended), edited: those(this.edited) };
  }
}

/** Meaning of a message: whatever update brings it, it is the same one. */
export function messageKey(message: { botId: string; chatId: string; messageId: number | string }): string {
  return `${message.botId}:${message.chatId}:${message.messageId}`;
}
