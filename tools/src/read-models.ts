// The command behind `npm run read-models`: makes tickets and their messages again from the events, or tells which differ.
import { parseArgs } from 'node:util';
import { readAccess, UsageError } from './access.js';
import { runTicketingProgram } from './ticketing-program.js';

const HELP = `npm run read-models -- rebuild | check [--json] [--database URL]

rebuild makes the read models (tickets and their messages) again from the events, beside the live ones and while the service
goes on; compares the two and names the tickets that differ; then puts the new ones in place of the old ones. check only
compares. Both hold the tables for a moment at the end; a transaction that holds them for longer is waited for. Finds the
database by the flag, else by DATABASE_URL, else by .onceline/access.json; reads DATABASE_TLS… as the services do
(docs/configuration.md). Exit code 1 when check finds a difference, 69 when another rebuild runs or the tables are never free.`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      database: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void console.log(HELP);
  const [command, ...rest] = positionals;
  if ((command !== 'rebuild' && command !== 'check') || rest.length > 0) throw new UsageError(HELP);
  const database = values.database || process.env['DATABASE_URL'] || readAccess().database;
  const args = [command, ...(values.json ? ['--json'] : [])];
  const { code, output } = await runTicketingProgram('read-models', database, args);
  process.stdout.write(output);
  // Standard output ended without its last line: the program has said why on standard error.
  if (output === '') console.log('read-models: failed');
  process.exitCode = code ?? 1;
}

main().catch((error: Error) => {
  console.error(error instanceof UsageError ? error.message : (error.stack ?? error.message));
  console.log('read-models: failed');
  process.exitCode = 1;
});
