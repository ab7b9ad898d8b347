import type { WithSession } from '../store/session.js';
import { answering } from './answering.js';
import { readLedgerEntry } from './read-ledger.js';
import type { QueuePage, QueueQuery } from './queue-schemas.js';
import { readParked } from './read-parked.js';
import { readQueue } from './read-queue.js';
import { readEvents, readTicket, readTickets } from './read-tickets.js';
import type {
  EventsPage,
  LedgerEntry,
  ParkedPage,
  ParkedQuery,
  TicketsPage,
  TicketsQuery,
  TicketWithMessages,
} from './schemas.js';

/** What the API reads. */
export class TicketReader {
  constructor(private readonly withSession: WithSession) {}

  tickets(query: TicketsQuery): Promise<TicketsPage> {
    return answering(readTickets(this.withSession, query));
  }

  queue(query: QueueQuery): Promise<QueuePage> {
    return answering(readQueue(this.withSession, query));
  }

  ticket(id: string): Promise<TicketWithMessages | undefined> {
    return answering(readTicket(this.withSession, id));
  }

  events(id: string, page: { limit: number; cursor?: string | undefined }): Promise<EventsPage | undefined> {
    return answering(readEvents(this.withSession, id, page));
  }

  ledgerEntry(key: string): Promise<LedgerEntry | undefined> {
    return answering(readLedgerEntry(this.withSession, key));
  }

  parked(query: ParkedQuery): Promise<ParkedPage> {
    return answering(readParked(this.withSession, query));
  }
}
