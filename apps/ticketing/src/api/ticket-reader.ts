import type { WithSession } from '../store/session.js';
import { answering } from './answering.js';
import type { LedgerPage, LedgerQuery } from './ledger-schemas.js';
import { listLedger } from './list-ledger.js';
import { readLedgerEntry } from './read-ledger.js';
import type { QueuePage, QueueQuery } from './queue-schemas.js';
import { readParked } from './read-parked.js';
import { readQueue } from './read-queue.js';
import { searchMessages } from './search-messages.js';
import type { SearchPage, SearchQuery } from './search-schemas.js';
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

  ledger(query: LedgerQuery): Promise<LedgerPage> {
    return answering(listLedger(this.withSession, query));
  }

  search(query: SearchQuery): Promise<SearchPage> {
    return answering(searchMessages(this.withSession, query));
  }

  parked(query: ParkedQuery): Promise<ParkedPage> {
    return answering(readParked(this.withSession, query));
  }
}
