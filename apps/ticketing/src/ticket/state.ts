import type { Priority, TicketStatus } from '@onceline/contracts';
import type { FieldValues } from './custom-fields.js';
import type { Link } from './links.js';

/** Nothing is known of a ticket. */
export interface NoTicket {
  readonly status: 'none';
}

export interface Ticket {
  readonly status: TicketStatus;
  readonly ticketId: string;
  readonly botId: string;
  readonly chatId: string;
  readonly conversation: string;
  readonly customerId: string | null;
  /** Of the forum topic in which it began. */
  readonly topicId: string | null;
  /** The ticket of the conversation before this one. */
  readonly previousTicketId: string | null;
  readonly priority: Priority;
  readonly assignee: string | null;
  readonly team: string | null;
  /** In the order of the alphabet, each once. */
  readonly tags: readonly string[];
  /** Agents who want to hear of it; in the order of the alphabet, each once. */
  readonly watchers: readonly string[];
  readonly fields: FieldValues;
  /** One for each other ticket, at most; in the order of their ids. */
  readonly links: readonly Link[];
  /** The ticket that goes on for this one too; null while it is one by itself. */
  readonly mergedInto: string | null;
  /** The tickets for which this one goes on. */
  readonly mergedFrom: readonly string[];
  /** When it wakes; null unless it is snoozed. RFC 3339 UTC, like every time here. */
  readonly snoozedUntil: string | null;
  /** When the customer wrote the message that opened it, and the last one, by Telegram's clock; null before the first. */
  readonly askedAt: string | null;
  readonly customerWroteAt: string | null;
  /** When the customer wrote the first message that nobody has answered yet; null while it is not for us to act. */
  readonly waitingSince: string | null;
  /** When it was resolved; null while it is not. */
  readonly resolvedAt: string | null;
  /** Version of the last event. */
  readonly version: number;
  readonly messageCount: number;
  readonly openedAt: string;
  readonly updatedAt: string;
}

export type TicketState = NoTicket | Ticket;

export const NO_TICKET: NoTicket = { status: 'none' };

/** Nobody works on it any more. */
const ENDED: ReadonlySet<TicketStatus> = new Set(['resolved', 'closed']);

/** Whether what staff wrote then is an answer to all that the customer has said: one that was held up may be older than a further question. */
export function isAnswered({ customerWroteAt }: Pick<Ticket, 'customerWroteAt'>, staffWroteAt: string): boolean {
  return customerWroteAt === null || Date.parse(staffWroteAt) >= Date.parse(customerWroteAt);
}

/** Of a conversation one ticket is active, at most: the database sees to it. */
export function isActive({ status }: Pick<Ticket, 'status'>): boolean {
  return !ENDED.has(status);
}
