import { inTransaction } from '../store/in-transaction.js';
import type { Session, WithSession } from '../store/session.js';
import type { MasterKeys } from './master-keys.js';

const KEYS_AT_ONCE = 1000;

const PAGE = {
  name: 'keys-to-rewrap',
  text: `select key_id::text as id, bot_id, person_id, wrapped, master_key from ticketing.customer_keys
    where master_key <> $1 order by key_id limit $2 for update`,
};
const REWRAP = {
  name: 'rewrap-keys',
  text: `update ticketing.customer_keys k set wrapped = w.wrapped, master_key = $3
    from unnest($1::bigint[], $2::bytea[]) as w(key_id, wrapped) where k.key_id = w.key_id`,
};

interface KeyRow {
  readonly id: string;
  readonly bot_id: string;
  readonly person_id: string;
  readonly wrapped: Buffer;
  readonly master_key: string;
}

/** Wraps with the newest master key what older ones wrap, while services run; what is sealed stays as it is. Answers how many keys. */
export async function rewrapKeys(withSession: WithSession, masterKeys: MasterKeys): Promise<number> {
  let rewrapped = 0;
  for (;;) {
    const count = await withSession((session) => inTransaction(session, () => rewrapPage(session, masterKeys)));
    rewrapped += count;
    if (count < KEYS_AT_ONCE) return rewrapped;
  }
}

async function rewrapPage(session: Session, masterKeys: MasterKeys): Promise<number> {
  const { rows } = await session.query<KeyRow>(PAGE, [masterKeys.newestId, KEYS_AT_ONCE]);
  const wrapped = rows.map((row) => {
    const person = { botId: row.bot_id, personId: row.person_id };
    const key = masterKeys.unwrap({ ...person, wrapped: row.wrapped, masterKey: row.master_key });
    return masterKeys.wrap(key, person).wrapped;
  });
  await session.query(REWRAP, [rows.map(({ id }) => id), wrapped, masterKeys.newestId]);
  return rows.length;
}
