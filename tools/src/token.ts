// The command behind `npm run token`: makes an API token, and the line that lets a service know it without holding it.
import { parseArgs } from 'node:util';
import { UsageError } from './access.js';
import { newToken, tokenLine } from './demo-credentials.js';

const ROLES = ['viewer', 'agent', 'admin'];

const HELP = `npm run token -- --role viewer|agent|admin

Makes a token for the APIs of ticketing and retry. A service holds only its hash: add the printed line to API_TOKENS (a
comma-separated list) and restart the service.`;

function main(): void {
  const { values } = parseArgs({
    options: { role: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return void console.log(HELP);
  const { role = '' } = values;
  if (!ROLES.includes(role)) throw new UsageError(`--role ${role}: give one of ${ROLES.join(', ')}\n\n${HELP}`);
  const token = newToken();
  const line = tokenLine(role, token);
  console.log(`The token, for its holder only (it is stored nowhere):\n\n  ${token}\n`);
  console.log(`For API_TOKENS of the service:\n\n  ${line}\n`);
  console.log(`token: made, the audit trail shows its holder as ${line.slice(0, role.length + 1 + 8)}`);
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  console.log('token: failed');
  process.exitCode = 1;
}
