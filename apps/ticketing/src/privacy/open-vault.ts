import { StartRefused } from '@onceline/service-kit';
import type { Session, WithSession } from '../store/session.js';
import { CustomerKeys, wrappedOf, type KeyRow } from './customer-keys.js';
import { MasterKeys, type MasterKey } from './master-keys.js';
import { Vault } from './vault.js';

/** Ids of master keys in use, one after the other by the index: there are few of them, and many rows. */
const IN_USE = {
  name: 'master-keys-in-use',
  text: `with recursive in_use as (
      (select master_key from ticketing.customer_keys order by master_key limit 1)
      union all select (select k.master_key from ticketing.customer_keys k where k.master_key > in_use.master_key
        order by k.master_key limit 1) from in_use where in_use.master_key is not null)
    select master_key as id from in_use where master_key is not null`,
};

const ONE_OF_EACH = {
  name: 'a-key-of-each-master-key',
  text: `select k.* from unnest($1::text[]) as m(id) cross join lateral (
    select key_id::text as id, bot_id, person_id, wrapped, master_key from ticketing.customer_keys
      where master_key = m.id order by key_id limit 1) k`,
};

/** @throws StartRefused when a master key is missing, or another one, that keys of customers are wrapped with: what they seal could not be read */
export async function openVault(withSession: WithSession, given: readonly MasterKey[]): Promise<Vault> {
  const masterKeys = new MasterKeys(given);
  const { rows } = await withSession((session) => session.query<{ id: string }>(IN_USE, []));
  const missing = rows.map(({ id }) => id).filter((id) => !masterKeys.ids.includes(id));
  if (missing.length > 0) {
    throw new StartRefused(
      `MASTER_KEYS lacks ${missing.join(', ')}, which keys of customers are wrapped with. ` +
        'Fix: put it back behind the new ones, or wrap them anew first (`npm run customer-keys -- rewrap`).',
    );
  }
  const wrong = await withSession((session) => idsThatDoNotFit(session, masterKeys));
  if (wrong.length > 0) {
    throw new StartRefused(
      `MASTER_KEYS: what keys of customers were wrapped with as ${wrong.join(', ')} is another key. Fix: give that one, or take a new id for a new key.`,
    );
  }
  return new Vault(new CustomerKeys(masterKeys));
}

async function idsThatDoNotFit(session: Session, masterKeys: MasterKeys): Promise<readonly string[]> {
  const { rows } = await session.query<Omit<KeyRow, 'used_until'>>(ONE_OF_EACH, [masterKeys.ids]);
  return rows.filter((row) => !unwraps(masterKeys, row)).map((row) => row.master_key);
}

function unwraps(masterKeys: MasterKeys, row: Omit<KeyRow, 'used_until'>): boolean {
  try {
    masterKeys.unwrap(wrappedOf(row));
    return true;
  } catch {
    return false;
  }
}
