import { inTransaction } from '../store/in-transaction.js';
import type { Session, WithSession } from '../store/session.js';
import { wrappedOf, type KeyRow } from './customer-keys.js';
import type { MasterKeys } from './master-keys.js';

const KEYS_AT_ONCE = 1000;

const PAGE = {
  name: 'keys-to-rewrap',
  text: `select key_id::text as id, bot_id, person_id, wrapped, master_key from ticketing.customer_keys
    where master_key <> $1 and key_id > $2 order by key_id limit ${KEYS_AT_ONCE} for update`,
};
const REWRAP = {
  name: 'rewrap-keys',
  text: `update ticketing.customer_keys k set wrapped = w.wrapped, master_key = $3
    from unnest($1::bigint[], $2::bytea[]) as w(key_id, wrapped) where k.key_id = w.key_id`,
};

/** Wraps with the first master key what older ones wrap, while services run; what is sealed stays as it is. Answers how many keys. */
export async function rewrapKeys(withSession: WithSession, masterKeys: MasterKeys): Promise<number> {
  let rewrapped = 0;
  for (let after = '0'; ;) {
    const ids = await withSession((session) => inTransaction(session, () => rewrapPage(session, masterKeys, after)));
    rewrapped += ids.length;
    // A page may be short because keys on it were destroyed meanwhile.
    if (ids.length === 0) return rewrapped;
    after = ids.at(-1) ?? after;
  }
}

async function rewrapPage(session: Session, masterKeys: MasterKeys, after: string): Promise<readonly string[]> {
  const { rows } = await session.query<Omit<KeyRow, 'used_until'>>(PAGE, [masterKeys.firstId, after]);
  const wrapped = rows.map((row) => {
    const key = wrappedOf(row);
    return masterKeys.wrap(masterKeys.unwrap(key), key).wrapped;
  });
  const ids = rows.map(({ id }) => id);
  await session.query(REWRAP, [ids, wrapped, masterKeys.firstId]);
  return ids;
}
