import { decodeCursor, pageOf } from '@onceline/service-kit';
import type { WithSession } from '../store/session.js';
import { ledgerCursorSchema, type LedgerPage, type LedgerQuery } from './ledger-schemas.js';
import {
  COPIES_IN_LISTS,
  LEDGER_COLUMNS,
  toEntry,
  type CopyRow,
  type EntryRow,
  type WaitingRow,
} from './read-ledger.js';

const ORDER = 'received_at desc, idempotency_key desc';

/** What became of some updates, those received last first. */
export async function listLedger(withSession: WithSession, query: LedgerQuery): Promise<LedgerPage> {
  const { text, values } = select(query);
  return withSession(async (session) => {
    const { rows } = await session.query<EntryRow>({ text }, values);
    const copied = keysOf(rows, ({ duplicate_count: count }) => count > 0);
    const parked = keysOf(rows, ({ outcome }) => outcome === 'parked');
    const copies = copied.length === 0 ? [] : (await session.query<CopyRow>(COPIES, [copied])).rows;
    const waiting = parked.length === 0 ? [] : (await session.query<WaitingRow>(WAITING, [parked])).rows;
    const entryOf = (row: EntryRow) => {
      const isOfIt = ({ idempotency_key: key }: { idempotency_key: string }) => key === row.idempotency_key;
      return toEntry(row, copies.filter(isOfIt), waiting.find(isOfIt));
    };
    return pageOf(rows, query.limit, entryOf, (row) => [row.received_at.toISOString(), row.idempotency_key]);
  });
}

const keysOf = (rows: readonly EntryRow[], isWanted: (row: EntryRow) => boolean) =>
  rows.filter(isWanted).map(({ idempotency_key: key }) => key);

const COPIES = {
  name: 'duplicates-of-keys',
  text: `select d.* from unnest($1::text[]) as k(key) cross join lateral (
           select idempotency_key, raw_partition, raw_offset, received_at, first_raw_offset, first_seen_at from ticketing.duplicates
             where idempotency_key = k.key order by raw_partition, raw_offset limit ${COPIES_IN_LISTS}) as d`,
};
const WAITING = {
  name: 'waiting-of-keys',
  text: `select head_key as idempotency_key, conversation, head_key, due_at, parked_at as since
           from ticketing.parked_conversations where head_key = any($1)
         union all select u.idempotency_key, u.conversation, p.head_key, p.due_at, u.parked_at
           from ticketing.parked_updates u join ticketing.parked_conversations p using (conversation) where u.idempotency_key = any($1)`,
};

/** Rows are counted as copied only once they are on the page. */
function select(query: LedgerQuery): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const value = (given: unknown) => `$${values.push(given)}`;
  const conditions = conditionsOf(query, value);
  const limit = value(query.limit + 1);
  const rows = (...where: string[]) =>
    `select ${LEDGER_COLUMNS} from ticketing.ledger where ${[...where, ...conditions].join(' and ')} order by ${ORDER} limit ${limit}`;
  const found = query.conversation === undefined ? rows() : inConversation(value(query.conversation), { rows, limit });
  const text = `select page.*, (select count(*)::int from ticketing.duplicates d where d.idempotency_key = page.idempotency_key) as duplicate_count
    from (${found}) as page order by ${ORDER}`;
  return { text, values };
}

function conditionsOf({ bot, updateId, ticket, outcome, cursor }: LedgerQuery, value: (given: unknown) => string) {
  const conditions: string[] = [];
  if (bot !== undefined) conditions.push(`bot_id = ${value(bot)}`);
  if (updateId !== undefined) {
    // As in the index; keys that are not ours end in something else.
    conditions.push(
      `split_part(idempotency_key, ':', -1) = ${value(updateId)}`,
      `starts_with(idempotency_key, 'tg1:')`,
    );
  }
  if (ticket !== undefined) conditions.push(`ticket_id = ${value(ticket)}`);
  if (outcome !== undefined) conditions.push(`outcome = ${value(outcome)}`);
  if (cursor !== undefined) {
    const [receivedAt, key] = decodeCursor(ledgerCursorSchema, cursor);
    conditions.push(`(received_at, idempotency_key) < (${value(receivedAt)}::timestamptz, ${value(key)}::text)`);
  }
  return conditions;
}

/** Of each of its tickets, wherever the answers of staff to it were kept in order; and what is in no ticket. */
function inConversation(
  conversation: string,
  { rows, limit }: { rows: (...where: string[]) => string; limit: string },
): string {
  return `select * from (
      (select l.* from (select ticket_id as id from ticketing.tickets where conversation = ${conversation}) as t
        cross join lateral (${rows('ticket_id = t.id')}) as l)
      union all (${rows('ticket_id is null', `conversation = ${conversation}`)})) as found
    order by ${ORDER} limit ${limit}`;
}
