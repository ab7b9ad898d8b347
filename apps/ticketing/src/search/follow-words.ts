import { inTurn } from '../store/in-turn.js';
import type { WithSession } from '../store/session.js';

/** Events in one transaction: updates come first, so a backlog is worked off page by page, a second apart. */
const EVENTS_AT_ONCE = 2000;

/** Names come first: what is too long for an index loses its end. */
const WORDS = `to_tsvector('simple', left(coalesce(m.sender ->> 'name', '') || ' ' || coalesce(m.sender ->> 'username', '') || ' '
  || coalesce(m.text, ''), 16384))`;

/** Messages that the next events are of, as they read now. In the order of transactions, as the relay reads. */
const FOLLOW = {
  name: 'follow-words',
  text: `with page as (
      select e.tx_id, e.global_id, e.type, e.payload from ticketing.events e, ticketing.words_cursor c
        where e.tx_id < pg_snapshot_xmin(pg_current_snapshot()) and (e.tx_id, e.global_id) > (c.tx_id, c.id)
        order by e.tx_id, e.global_id limit $1),
    touched as (
      select distinct payload #>> '{data,botId}' as bot_id, payload #>> '{data,chatId}' as chat_id,
          (payload #>> '{data,messageId}')::bigint as message_id
        from page where type in ('message-appended', 'staff-replied', 'message-edited')),
    written as (
      insert into ticketing.message_words (bot_id, chat_id, message_id, ticket_id, version, sent_at, words)
        select m.bot_id, m.chat_id, m.message_id, m.ticket_id, m.version, m.sent_at, ${WORDS} from touched cross join lateral (
          select * from ticketing.ticket_messages m where m.bot_id = touched.bot_id and m.chat_id = touched.chat_id
            and m.message_id = touched.message_id limit 1) m
        on conflict (bot_id, chat_id, message_id) do update set words = excluded.words),
    moved as (
      update ticketing.words_cursor c set tx_id = last.tx_id, id = last.global_id
        from (select tx_id, global_id from page order by tx_id desc, global_id desc limit 1) last)
    select count(*)::int as followed from page`,
};

/** Keeps the words by which messages are found, up to a second behind them; in any number of instances. */
export class FollowWords {
  constructor(private readonly withSession: WithSession) {}

  /** One page. Answers the number of events; 0 also while another instance does it. */
  run(): Promise<number> {
    return inTurn(this.withSession, 'words', async (session) => {
      const { rows } = await session.query<{ followed: number }>(FOLLOW, [EVENTS_AT_ONCE]);
      return rows[0]?.followed ?? 0;
    });
  }
}
