// The command behind `npm run master-key`: makes a key for MASTER_KEYS.
import { parseArgs } from 'node:util';
import { UsageError } from './access.js';
import { masterKeyLine } from './demo-credentials.js';

const ID = /^[a-z0-9][a-z0-9-]{0,30}$/;

const HELP = `npm run master-key -- --id 2026-11

Makes a master key for MASTER_KEYS of ticketing: it wraps the keys that texts and names of customers are sealed with. Keep it as safe as
the database and apart from it: without it they are lost. How to change it: docs/privacy.md.`;

function main(): void {
  const { values } = parseArgs({ options: { id: { type: 'string' }, help: { type: 'boolean', default: false } } });
  if (values.help) return void console.log(HELP);
  const { id = '' } = values;
  if (!ID.test(id)) throw new UsageError(`--id ${id}: give small letters, digits or dashes, 31 at most\n\n${HELP}`);
  console.log(
    `For MASTER_KEYS of ticketing, beside those that are there (docs/privacy.md says in which order):\n\n  ${masterKeyLine(id)}\n`,
  );
  console.log(`master-key: ${id} made; it is stored nowhere`);
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  console.log('master-key: failed');
  process.exitCode = 1;
}
