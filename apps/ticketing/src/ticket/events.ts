import type { TicketEvent } from '@onceline/contracts';

/** What happened to a ticket. The published contract is the stored one: one shape, one schema, no mapper to drift. */
export type { TicketEvent };

export type TicketOpened = Extract<TicketEvent, { type: 'ticket-opened' }>;
export type MessageAppended = Extract<TicketEvent, { type: 'message-appended' }>;
export type MessageEdited = Extract<TicketEvent, { type: 'message-edited' }>;
export type UpdateMissing = Extract<TicketEvent, { type: 'update-missing' }>;

/** Identity of an event: a redo of the same decision makes the same one. */
export function eventId(ticketId: string, version: number): string {
  return `${ticketId}.${version}`;
}
