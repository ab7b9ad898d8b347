import { storedTicketEvent } from '@onceline/contracts';
import { FoldHistories, READ_MODELS, type TicketHistory } from './read-models.js';
import type { Session } from './session.js';
import { SHADOW } from './shadow-tables.js';

export interface CopyHistories {
  readonly from: Session;
  readonly to: Session;
  /** Of these tickets, whose rows may be there already; of all tickets into empty tables where they are not given. */
  readonly ids?: readonly string[] | undefined;
}

const PAGE_ROWS = 5000;
const TICKETS_AT_ONCE = 1000;

const PAGE = `select ticket_id, version, payload::text from ticketing.events where (ticket_id, version) > ($1, $2)`;
const ALL = { name: 'rebuild-events', text: `${PAGE} order by ticket_id, version limit ${PAGE_ROWS}` };
const SOME = {
  name: 'rebuild-events-of-tickets',
  text: `${PAGE} and ticket_id = any($3::text[]) order by ticket_id, version limit ${PAGE_ROWS}`,
};

interface EventRow {
  ticket_id: string;
  version: number;
  payload: string;
}

/** Reads events, folds them, and writes what they come to into the shadow tables. */
export async function copyHistories({ from, to, ids }: CopyHistories): Promise<{ events: number; tickets: number }> {
  const fold = new FoldHistories();
  let events = 0;
  let tickets = 0;
  if (ids) await remove(to, ids);
  let written: Promise<void> = Promise.resolve();
  for await (const rows of ids ? pagesOf(from, ids) : pages(from)) {
    events += rows.length;
    const histories = fold.add(eventsIn(rows));
    tickets += histories.length;
    await written;
    // While the next page is read and folded.
    written = write(to, histories);
    // It is waited for above; a page that cannot be read must not leave it unheard.
    written.catch(() => undefined);
    if (from === to) await written;
  }
  await written;
  const last = fold.end();
  await write(to, last);
  return { events, tickets: tickets + last.length };
}

function* eventsIn(rows: readonly EventRow[]) {
  for (const { payload } of rows) yield storedTicketEvent(JSON.parse(payload));
}

async function* pagesOf(session: Session, ids: readonly string[]) {
  const inOrder = [...ids].sort();
  for (let start = 0; start < inOrder.length; start += TICKETS_AT_ONCE) {
    yield* pages(session, inOrder.slice(start, start + TICKETS_AT_ONCE));
  }
}

/** The next page is on its way while one is worked on. */
async function* pages(session: Session, ids?: readonly string[]): AsyncGenerator<readonly EventRow[]> {
  let next: Promise<readonly EventRow[]> | undefined = readPage(session, undefined, ids);
  while (next) {
    const rows: readonly EventRow[] = await next;
    next = rows.length === PAGE_ROWS ? readPage(session, rows.at(-1), ids) : undefined;
    // Whoever stops in the middle does not wait for it.
    next?.catch(() => undefined);
    yield rows;
  }
}

async function readPage(session: Session, after: EventRow | undefined, ids?: readonly string[]): Promise<EventRow[]> {
  const position = [after?.ticket_id ?? '', after?.version ?? 0];
  const asked = ids ? session.query<EventRow>(SOME, [...position, ids]) : session.query<EventRow>(ALL, position);
  return (await asked).rows;
}

async function remove(to: Session, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  for (const { table } of READ_MODELS) {
    await to.query(
      { name: `rebuild-remove-${table}`, text: `delete from ${SHADOW}.${table} where ticket_id = any($1::text[])` },
      [ids],
    );
  }
}

async function write(to: Session, histories: readonly TicketHistory[]): Promise<void> {
  if (histories.length === 0) return;
  for (const model of READ_MODELS) await to.query(model.insertInto(SHADOW), model.values(histories));
}
