import { parseArgs } from 'node:util';
import { databaseSecurity, runMain, StartRefused } from '@onceline/service-kit';
import { readKeyConfig } from './config.js';
import { MasterKeys } from './privacy/master-keys.js';
import { openVault } from './privacy/open-vault.js';
import { rewrapKeys } from './privacy/rewrap-keys.js';
import { openForProgram } from './store/open-database.js';
import { sessionsOf } from './store/sessions.js';

const USAGE = 'Usage: node dist/customer-keys.js rewrap';

/** Wraps the keys of customers with the first master key of MASTER_KEYS, while the service runs. */
await runMain(async () => {
  const { positionals } = parseArgs({ allowPositionals: true });
  if (positionals.join(' ') !== 'rewrap') throw new StartRefused(USAGE);
  const config = readKeyConfig();
  const masterKeys = new MasterKeys(config.MASTER_KEYS);
  const postgres = await openForProgram('customer-keys', { url: config.DATABASE_URL, ...databaseSecurity(config) });
  try {
    const withSession = sessionsOf(postgres);
    // Refuses with a sentence where a master key is missing.
    await openVault(withSession, config.MASTER_KEYS);
    const count = await rewrapKeys(withSession, masterKeys);
    console.log(`customer-keys: ${count} wrapped anew with ${masterKeys.firstId}`);
  } finally {
    await postgres.close();
  }
});
