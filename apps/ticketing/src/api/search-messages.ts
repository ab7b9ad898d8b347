import type { TicketStatus } from '@onceline/contracts';
import { decodeCursor, pageOf } from '@onceline/service-kit';
import { MESSAGE_PAYLOADS, openMessages, type MessagePayloads, type OpenedMessage } from '../store/message-content.js';
import type { Session } from '../store/session.js';
import type { Reading } from './reading.js';
import { FOUND, searchCursorSchema, type SearchPage, type SearchQuery } from './search-schemas.js';
import { splitSearch } from './split-search.js';

const EXCERPT = `StartSel=${FOUND[0]}, StopSel=${FOUND[1]}, MaxFragments=2, MaxWords=30, MinWords=10, ShortWord=0`;
const ORDER = 'sent_at desc, ticket_id desc, version desc';

interface HitRow extends MessagePayloads {
  ticket_id: string;
  status: TicketStatus;
  bot_id: string;
  chat_id: string;
  message_id: string;
  version: number;
  author: 'customer' | 'staff';
  sent_at: Date;
}

/** Looked through one by one before the index is asked: a word that many messages have fills a page from these. */
const LATEST = 1000;

/**
 * Messages that hold what was asked for, those written last first. Which way is the shorter one is not left to the planner: of a word that is
 * in no message it thinks that many have it, and would walk through all of them.
 */
export function searchMessages({ withSession, vault }: Reading, query: SearchQuery): Promise<SearchPage> {
  return withSession(async (session) => {
    const rows = await find(session, query);
    const opened = await openMessages(session, vault, rows);
    const excerpts = await excerptsOf(
      session,
      query.q,
      opened.map(({ content }) => content.text),
    );
    const hits = opened.map((message, index) => ({ ...message, excerpt: excerpts[index] ?? null }));
    return pageOf(hits, query.limit, toHit, ({ row }) => [row.sent_at.toISOString(), row.ticket_id, row.version]);
  });
}

async function find(session: Session, query: SearchQuery): Promise<HitRow[]> {
  const { text, values } = select(query, AMONG_LATEST);
  const latest = (await session.query<HitRow>({ text }, values)).rows;
  if (latest.length > query.limit) return latest;
  const all = select(query, BY_WORDS);
  return (await session.query<HitRow>({ text: all.text }, all.values)).rows;
}

/** Made by the database, which alone knows what it takes for a word. */
async function excerptsOf(
  session: Session,
  q: string,
  texts: readonly (string | null)[],
): Promise<readonly (string | null)[]> {
  if (texts.length === 0) return [];
  const values: unknown[] = [texts];
  const asked = askedFor(q, (given) => `$${values.push(given)}`);
  const text = `select ts_headline('simple', text, ${asked}, '${EXCERPT}') as excerpt
    from unnest($1::text[]) with ordinality as t(text, position) order by position`;
  return (await session.query<{ excerpt: string | null }>({ text }, values)).rows.map(({ excerpt }) => excerpt);
}

/** Rows of messages that are asked for, by where they are written in a page of messages. */
type Way = (conditions: { readonly words: string; readonly before: string }) => string;

const AMONG_LATEST: Way = ({ words, before }) => `(select * from
    (select * from ticketing.message_words m where ${before} order by ${ORDER} limit ${LATEST}) as m where ${words}) as m`;

/** What sorts is narrow, for it may be many. */
const BY_WORDS: Way = ({ words, before }) => `(with found as materialized
    (select bot_id, chat_id, message_id, ticket_id, version, sent_at from ticketing.message_words m where ${words})
    select * from found as m where ${before}) as m`;

/** Events are looked up of the rows of the page alone. */
function select({ q, bot, status, cursor, limit }: SearchQuery, way: Way): { text: string; values: unknown[] } {
  const values: unknown[] = [];
  const value = (given: unknown) => `$${values.push(given)}`;
  const asked = askedFor(q, value);
  const conditions = ['true'];
  if (bot !== undefined) conditions.push(`m.bot_id = ${value(bot)}`);
  if (status !== undefined) conditions.push(`${statusOf('m')} = ${value(status)}`);
  const messages = way({ words: `m.words @@ (${asked})`, before: beforeCursor(cursor, value) });
  const text = `select page.*, ${statusOf('page')} as status, m.author, ${MESSAGE_PAYLOADS}
    from (select ticket_id, bot_id, chat_id, message_id, version, sent_at from ${messages}
        where ${conditions.join(' and ')} order by ${ORDER} limit ${value(limit + 1)}) as page
      join ticketing.ticket_messages m using (bot_id, chat_id, message_id)
    order by page.sent_at desc, page.ticket_id desc, page.version desc`;
  return { text, values };
}

/** Looked up row by row: as a join it may be made a walk through all tickets. */
const statusOf = (message: string) =>
  `(select t.status from ticketing.tickets t where t.ticket_id = ${message}.ticket_id)`;

function askedFor(q: string, value: (given: unknown) => string): string {
  const { whole, beginning } = splitSearch(q);
  const words = `websearch_to_tsquery('simple', ${value(whole)}::text)`;
  return beginning === null ? words : `${words} && to_tsquery('simple', ${value(`'${beginning}':*`)}::text)`;
}

function beforeCursor(cursor: string | undefined, value: (given: unknown) => string): string {
  if (cursor === undefined) return 'true';
  const [sentAt, ticketId, version] = decodeCursor(searchCursorSchema, cursor);
  return `(m.sent_at, m.ticket_id, m.version) < (${value(sentAt)}::timestamptz, ${value(ticketId)}::text, ${value(version)}::int)`;
}

interface Hit extends OpenedMessage<HitRow> {
  readonly excerpt: string | null;
}

function toHit({ row, content, excerpt }: Hit): SearchPage['items'][number] {
  return {
    ticketId: row.ticket_id,
    ticketStatus: row.status,
    botId: row.bot_id,
    chatId: row.chat_id,
    messageId: Number(row.message_id),
    version: row.version,
    author: row.author,
    sender: content.sender,
    sentAt: row.sent_at.toISOString(),
    excerpt,
  };
}
