import { isUnavailable } from '@onceline/postgres';
import { Problem } from '@onceline/service-kit';
import type { WithSession } from '../store/session.js';
import { readLedgerEntry } from './read-ledger.js';
import { readEvents, readTicket, readTickets } from './read-tickets.js';
import type { EventsPage, LedgerEntry, TicketsPage, TicketsQuery, TicketWithMessages } from './schemas.js';

/** What the API reads, with a database that is away as an answer instead of a failure. */
export class TicketReader {
  constructor(private readonly withSession: WithSession) {}

  tickets(query: TicketsQuery): Promise<TicketsPage> {
    return this.answering(readTickets(this.withSession, query));
  }

  ticket(id: string): Promise<TicketWithMessages | undefined> {
    return this.answering(readTicket(this.withSession, id));
  }

  events(id: string, page: { limit: number; cursor?: string | undefined }): Promise<EventsPage | undefined> {
    return this.answering(readEvents(this.withSession, id, page));
  }

  ledgerEntry(key: string): Promise<LedgerEntry | undefined> {
    return this.answering(readLedgerEntry(this.withSession, key));
  }

  private async answering<Result>(reading: Promise<Result>): Promise<Result> {
    try {
      return await reading;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      throw new Problem(
        503,
        {
          title: 'Service Unavailable',
          detail: 'The database is away.',
          fix: 'Try again in a few seconds.',
          headers: { 'retry-after': '5' },
        },
        { cause: error },
      );
    }
  }
}
