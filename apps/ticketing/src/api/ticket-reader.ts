import { answering } from './answering.js';
import type { LedgerPage, LedgerQuery } from './ledger-schemas.js';
import { listLedger } from './list-ledger.js';
import { readLedgerEntry } from './read-ledger.js';
import type { QueuePage, QueueQuery } from './queue-schemas.js';
import { readParked } from './read-parked.js';
import { readQueue } from './read-queue.js';
import { searchMessages } from './search-messages.js';
import type { SearchPage, SearchQuery } from './search-schemas.js';
import type { Reading } from './reading.js';
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
  constructor(private readonly reading: Reading) {}

  tickets(query: TicketsQuery): Promise<TicketsPage> {
    return answering(readTickets(this.reading.withSession, query));
  }

  queue(query: QueueQuery): Promise<QueuePage> {
    return answering(readQueue(this.reading.withSession, query));
  }

  ticket(id: string): Promise<TicketWithMessages | undefined> {
    return answering(readTicket(this.reading, id));
  }

  events(id: string, page: { limit: number; cursor?: string | undefined }): Promise<EventsPage | undefined> {
    return answering(readEvents(this.reading, id, page));
  }

  ledgerEntry(key: string): Promise<LedgerEntry | undefined> {
    return answering(readLedgerEntry(this.reading.withSession, key));
  }

  ledger(query: LedgerQuery): Promise<LedgerPage> {
    return answering(listLedger(this.reading.withSession, query));
  }

  search(query: SearchQuery): Promise<SearchPage> {
    return answering(searchMessages(this.reading, query));
  }

  parked(query: ParkedQuery): Promise<ParkedPage> {
    return answering(readParked(this.reading.withSession, query));
  }
}
