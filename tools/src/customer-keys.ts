// The command behind `npm run customer-keys`: wraps the keys of customers with another master key.
import { parseArgs } from 'node:util';
import { readAccess, UsageError } from './access.js';
import { runTicketingProgram } from './ticketing-program.js';

const HELP = `npm run customer-keys -- rewrap [--database URL]

Wraps the keys that texts and names of customers are sealed with by the first key of MASTER_KEYS, while the services run; nothing that is
sealed changes. Wants MASTER_KEYS as ticketing has it. Finds the database by the flag, else by DATABASE_URL, else by
.onceline/access.json; reads DATABASE_TLS… as the services do (docs/configuration.md).`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { database: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return void console.log(HELP);
  if (positionals.join(' ') !== 'rewrap') throw new UsageError(HELP);
  const database = values.database || process.env['DATABASE_URL'] || readAccess().database;
  const { code, output } = await runTicketingProgram('customer-keys', database, positionals);
  process.stdout.write(output);
  // Standard output ended without its last line: the program has said why on standard error.
  if (output === '') console.log('customer-keys: failed');
  process.exitCode = code ?? 1;
}

main().catch((error: Error) => {
  console.error(error instanceof UsageError ? error.message : (error.stack ?? error.message));
  console.log('customer-keys: failed');
  process.exitCode = 1;
});
