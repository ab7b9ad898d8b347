import type { Vault } from '../privacy/vault.js';
import { behindCursor } from '../store/behind-cursor.js';
import { inTurn, WORDS_TURN } from '../store/in-turn.js';
import { MESSAGE_PAYLOADS, openMessages, type MessageContent, type MessagePayloads } from '../store/message-content.js';
import type { Session, WithSession } from '../store/session.js';

/** Events in one transaction: updates come first, so a backlog is worked off page by page, a second apart. */
const EVENTS_AT_ONCE = 2000;
/** What is too long for an index loses its end. */
const MOST_CHARACTERS = 16_384;

/** In the order of transactions, as the relay reads. */
const PAGE = {
  name: 'words-page',
  text: `select e.tx_id::text, e.global_id::text as id, e.type in ('message-appended', 'staff-replied', 'message-edited') as is_message,
      data."botId" as bot_id, data."chatId" as chat_id, data."messageId" as message_id
    from ticketing.events e
    cross join json_to_record(e.payload -> 'data') as data("botId" text, "chatId" text, "messageId" text)
    where ${behindCursor('words_cursor')}
    order by e.tx_id, e.global_id limit $1`,
};

interface PageRow {
  readonly tx_id: string;
  readonly id: string;
  readonly is_message: boolean;
  readonly bot_id: string;
  readonly chat_id: string;
  readonly message_id: string;
}

/** Messages as they read now, each once. */
const TOUCHED = {
  name: 'messages-with-new-words',
  text: `select m.bot_id, m.chat_id, m.message_id, ${MESSAGE_PAYLOADS}
    from (select distinct * from unnest($1::text[], $2::text[], $3::bigint[]) as t(bot_id, chat_id, message_id)) as touched
    cross join lateral (select * from ticketing.ticket_messages m where m.bot_id = touched.bot_id and m.chat_id = touched.chat_id
      and m.message_id = touched.message_id limit 1) m`,
};

interface TouchedRow extends MessagePayloads {
  readonly bot_id: string;
  readonly chat_id: string;
  readonly message_id: string;
}

const WRITE = {
  name: 'write-words',
  text: `insert into ticketing.message_words (bot_id, chat_id, message_id, ticket_id, version, sent_at, sender_id, key_ids, words)
    select m.bot_id, m.chat_id, m.message_id, m.ticket_id, m.version, m.sent_at, m.sender_id, string_to_array(w.key_ids, ' ')::bigint[],
        to_tsvector('simple', w.words)
      from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[]) as w(bot_id, chat_id, message_id, key_ids, words)
      cross join lateral (select * from ticketing.ticket_messages m where m.bot_id = w.bot_id and m.chat_id = w.chat_id
        and m.message_id = w.message_id limit 1) m
    on conflict (bot_id, chat_id, message_id) do update set words = excluded.words, key_ids = excluded.key_ids`,
};
const MOVE_CURSOR = { name: 'move-words-cursor', text: 'update ticketing.words_cursor set tx_id = $1::xid8, id = $2' };

/** Keeps the words by which messages are found, up to a second behind them; in any number of instances. */
export class FollowWords {
  constructor(
    private readonly withSession: WithSession,
    private readonly vault: Vault,
  ) {}

  /** One page. Answers the number of events; 0 also while another instance does it. */
  run(): Promise<number> {
    return inTurn(this.withSession, WORDS_TURN, async (session) => {
      const { rows } = await session.query<PageRow>(PAGE, [EVENTS_AT_ONCE]);
      const last = rows.at(-1);
      if (!last) return 0;
      await this.write(
        session,
        rows.filter((row) => row.is_message),
      );
      await session.query(MOVE_CURSOR, [last.tx_id, last.id]);
      return rows.length;
    });
  }

  private async write(session: Session, messages: readonly PageRow[]): Promise<void> {
    if (messages.length === 0) return;
    const { rows } = await session.query<TouchedRow>(TOUCHED, idsOf(messages));
    const opened = await openMessages(session, this.vault, rows);
    const keys = opened.map(({ content }) => content.keys.join(' '));
    await session.query(WRITE, [...idsOf(rows), keys, opened.map(({ content }) => wordsOf(content))]);
  }
}

function idsOf(rows: readonly Pick<PageRow, 'bot_id' | 'chat_id' | 'message_id'>[]): string[][] {
  return [rows.map((row) => row.bot_id), rows.map((row) => row.chat_id), rows.map((row) => row.message_id)];
}

/** Names come first. */
function wordsOf({ sender, text }: MessageContent): string {
  const words = [sender?.name, sender?.username, text].filter((part) => part !== null && part !== undefined);
  return words.join(' ').slice(0, MOST_CHARACTERS);
}
