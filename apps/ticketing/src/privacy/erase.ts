import { accountsOf } from '../customer/customer.store.js';
import { holdTurn, WORDS_TURN } from '../store/in-turn.js';
import { inTransaction } from '../store/in-transaction.js';
import type { Session, WithSession } from '../store/session.js';
import { OF_CHAT, type Person } from '../ticket/person.js';

/** What was destroyed, for whom and why. */
export interface Erasure {
  readonly id: string;
  readonly botId: string;
  /** Null where a retention did it, for whoever it was. */
  readonly personId: string | null;
  /** All that are known to be his: each is erased. */
  readonly accounts: string[];
  readonly reason: 'asked' | 'retention';
  readonly askedBy: string | null;
  /** Keys that are no more; 0 where there was nothing left. */
  readonly keyCount: number;
  /** RFC 3339 UTC. */
  readonly erasedAt: string;
}

/** As {@link erasureOf} takes them. */
export const ERASURE_COLUMNS = `erasure_id::text as id, bot_id as "botId", person_id as "personId", accounts, reason,
  asked_by as "askedBy", key_count as "keyCount", erased_at as "erasedAt"`;
export type ErasureRow = Omit<Erasure, 'erasedAt'> & { readonly erasedAt: Date };

export function erasureOf(row: ErasureRow): Erasure {
  return { ...row, erasedAt: row.erasedAt.toISOString() };
}

const KEYS_OF_PERSON = {
  name: 'destroy-keys-of-person',
  text: `delete from ticketing.customer_keys where bot_id = $1 and person_id = any($2::text[]) returning key_id::text as id`,
};
const OLD_KEYS = {
  name: 'destroy-old-keys',
  text: `delete from ticketing.customer_keys where key_id in (
      select key_id from ticketing.customer_keys where bot_id = $1 and used_until <= $2 order by used_until limit $3)
    returning key_id::text as id`,
};
const FORGET_WORDS = {
  name: 'forget-words',
  text: 'delete from ticketing.message_words where key_ids && $1::bigint[]',
};
const RECORD = {
  name: 'record-erasure',
  text: `insert into ticketing.erasures (bot_id, person_id, accounts, reason, asked_by, key_count) values ($1, $2, $3, $4, $5, $6)
    returning ${ERASURE_COLUMNS}`,
};

const IS_HELD = {
  name: 'person-is-held',
  text: `select exists (select 1 from ticketing.customer_keys where bot_id = $1 and person_id = $2)
      or exists (select 1 from ticketing.tickets where customer_id = $2 and bot_id = $1)
      or exists (select 1 from ticketing.erasures where bot_id = $1 and person_id = $2) as held`,
};

/** Whether there is, or was, something of him. */
export async function isHeld(withSession: WithSession, { botId, personId }: Person): Promise<boolean> {
  const { rows } = await withSession((session) => session.query<{ held: boolean }>(IS_HELD, [botId, personId]));
  return rows[0]?.held === true;
}

const OLDER_CHATS = {
  name: 'chats-that-became-this-one',
  text: 'select chat_id from ticketing.migrated_chats where bot_id = $1 and migrated_to = $2',
};

/** A group that has become a supergroup has had another id. */
async function ownedBy(session: Session, { botId, personId }: Person): Promise<string[]> {
  if (!personId.startsWith(OF_CHAT)) return [...(await accountsOf(session, botId, personId))];
  const { rows } = await session.query<{ chat_id: string }>(OLDER_CHATS, [botId, personId.slice(OF_CHAT.length)]);
  return [personId, ...rows.map((row) => `${OF_CHAT}${row.chat_id}`)];
}

/** Destroys all keys of a person, in all of his accounts: what they sealed cannot be opened any more, wherever it has been copied to. */
export function erasePerson(withSession: WithSession, { botId, personId }: Person, askedBy: string): Promise<Erasure> {
  return withSession((session) =>
    inTransaction(session, async () => {
      // Whoever writes words just now may have opened messages with these keys.
      await holdTurn(session, WORDS_TURN);
      const accounts = await ownedBy(session, { botId, personId });
      const { rows } = await session.query<{ id: string }>(KEYS_OF_PERSON, [botId, accounts]);
      await forgetWords(session, rows);
      return record(session, { botId, personId, accounts, reason: 'asked', askedBy, keyCount: rows.length });
    }),
  );
}

/** Keys that one transaction destroys for a retention. */
const KEYS_AT_ONCE = 500;

/** Destroys keys of a bot that have sealed nothing since that time. Answers how many, {@link KEYS_AT_ONCE} at most. */
export function eraseOlder(withSession: WithSession, botId: string, before: Date): Promise<number> {
  return withSession((session) =>
    inTransaction(session, async () => {
      await holdTurn(session, WORDS_TURN);
      const { rows } = await session.query<{ id: string }>(OLD_KEYS, [botId, before, KEYS_AT_ONCE]);
      if (rows.length === 0) return 0;
      await forgetWords(session, rows);
      const keyCount = rows.length;
      await record(session, { botId, personId: null, accounts: [], reason: 'retention', askedBy: null, keyCount });
      return keyCount;
    }),
  );
}

async function forgetWords(session: Session, keys: readonly { readonly id: string }[]): Promise<void> {
  if (keys.length === 0) return;
  await session.query(FORGET_WORDS, [keys.map(({ id }) => id)]);
}

async function record(session: Session, of: Omit<Erasure, 'id' | 'erasedAt'>): Promise<Erasure> {
  const { botId, personId, accounts, reason, askedBy, keyCount } = of;
  const values = [botId, personId, accounts, reason, askedBy, keyCount];
  const { rows } = await session.query<ErasureRow>(RECORD, values);
  const [row] = rows;
  if (!row) throw new Error('a row that was inserted must come back');
  return erasureOf(row);
}
