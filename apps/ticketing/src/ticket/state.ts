/** No ticket is open in the conversation. */
export interface NoTicket {
  readonly status: 'none';
}

export interface OpenTicket {
  readonly status: 'open';
  readonly ticketId: string;
  readonly botId: string;
  readonly chatId: string;
  readonly conversation: string;
  readonly customerId: string | null;
  /** Version of the last event. */
  readonly version: number;
  readonly messageCount: number;
  readonly openedAt: string;
  readonly updatedAt: string;
}

export type TicketState = NoTicket | OpenTicket;

export const NO_TICKET: NoTicket = { status: 'none' };
