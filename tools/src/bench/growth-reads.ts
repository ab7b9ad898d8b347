/** A ticket that is there, for reads that ask for one. */
export interface StoredTicket {
  readonly id: string;
  readonly conversation: string;
}

/** A question to the API whose time must not grow with what is stored. */
export interface GrowthRead {
  readonly name: string;
  /** @param cursor of the page before, where there was one */
  path(ticket: StoredTicket, cursor: string | null): string;
}

const after = (cursor: string | null) => (cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`);

/** A word that all messages have, and the beginning of one that few have. */
const SEARCHED = 'arrived%207001';

/** Lists are read page after page from their beginning; whatever agents ask for all day belongs here. */
export const GROWTH_READS: readonly GrowthRead[] = [
  { name: 'queue', path: (_ticket, cursor) => `/v1/queue?limit=50${after(cursor)}` },
  { name: 'queue_by_due', path: (_ticket, cursor) => `/v1/queue?sort=due&limit=50${after(cursor)}` },
  { name: 'ticket', path: ({ id }) => `/v1/tickets/${encodeURIComponent(id)}` },
  { name: 'events', path: ({ id }) => `/v1/tickets/${encodeURIComponent(id)}/events` },
  { name: 'tickets', path: (_ticket, cursor) => `/v1/tickets?limit=50${after(cursor)}` },
  { name: 'open_tickets', path: (_ticket, cursor) => `/v1/tickets?status=new&limit=50${after(cursor)}` },
  { name: 'figures', path: ({ id }) => `/v1/tickets/${encodeURIComponent(id)}/figures` },
  { name: 'search', path: (_ticket, cursor) => `/v1/search?q=${SEARCHED}&limit=50${after(cursor)}` },
  {
    name: 'conversation',
    path: ({ conversation }) => `/v1/tickets?conversation=${encodeURIComponent(conversation)}`,
  },
];

const WARM_UP = 200;

/** Milliseconds of each of so many reads, one after the other; the first ones, which find nothing prepared, do not count. */
export async function millisecondsOf(
  read: GrowthRead,
  at: { url: string; token: string; tickets: readonly StoredTicket[]; reads: number },
): Promise<number[]> {
  const samples: number[] = [];
  let cursor: string | null = null;
  for (let n = -WARM_UP; n < at.reads; n += 1) {
    const ticket = at.tickets[(n + WARM_UP) % at.tickets.length];
    if (!ticket) throw new Error('no ticket to read');
    const startedAt = performance.now();
    const answer = await fetch(`${at.url}${read.path(ticket, cursor)}`, {
      headers: { authorization: `Bearer ${at.token}` },
    });
    const body = (await answer.json()) as { nextCursor?: string | null };
    if (n >= 0) samples.push(performance.now() - startedAt);
    if (!answer.ok) throw new Error(`${read.name} answered ${answer.status}: ${JSON.stringify(body)}`);
    cursor = body.nextCursor ?? null;
  }
  return samples;
}
