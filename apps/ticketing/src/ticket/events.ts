import type { TicketEvent } from '@onceline/contracts';

/** What happened to a ticket. The published contract is the stored one: one shape, one schema, no mapper to drift. */
export type { TicketEvent };

/** An event of one type. */
export type EventOf<Type extends TicketEvent['type']> = Extract<TicketEvent, { type: Type }>;

/** Version of each type's shape that is written today. */
export const WRITTEN = {
  'ticket-opened': 2,
  'message-appended': 2,
  'message-edited': 1,
  'update-missing': 1,
  'ticket-status-changed': 1,
  'ticket-priority-changed': 1,
  'ticket-assigned': 1,
  'ticket-tags-changed': 1,
  'note-added': 1,
  'staff-replied': 1,
  'sla-warned': 1,
  'sla-breached': 1,
  'message-deleted': 1,
  'bot-blocked': 1,
  'bot-unblocked': 1,
  'member-left': 1,
  'topic-closed': 1,
  'topic-reopened': 1,
  'ticket-watchers-changed': 1,
  'ticket-fields-changed': 1,
  'ticket-linked': 1,
  'ticket-unlinked': 1,
  'ticket-moved': 1,
  'ticket-merged': 1,
  'ticket-merge-received': 1,
} as const satisfies { readonly [Type in TicketEvent['type']]: EventOf<Type>['schemaVersion'] };

/** Identity of an event: a redo of the same decision makes the same one. */
export function eventId(ticketId: string, version: number): string {
  return `${ticketId}.${version}`;
}
