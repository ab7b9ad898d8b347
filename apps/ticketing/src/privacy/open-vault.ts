import { StartRefused } from '@onceline/service-kit';
import type { WithSession } from '../store/session.js';
import { CustomerKeys } from './customer-keys.js';
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

/** @throws StartRefused when a master key is missing that keys of customers are wrapped with: what they seal could not be read */
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
  return new Vault(new CustomerKeys(masterKeys));
}
