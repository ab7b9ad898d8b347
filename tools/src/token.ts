// The command behind `npm run token`: makes an API token, and the line that lets a service know it without holding it.
import { parseArgs } from 'node:util';
import { UsageError } from './access.js';
import { newToken, tokenLine } from './demo-credentials.js';

const ROLES = ['viewer', 'agent', 'admin'];
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

const HELP = `npm run token -- --role viewer|agent|admin [--name ada]

Makes a token for the APIs of ticketing and retry. A service holds only its hash: add the printed line to API_TOKENS (a
comma-separated list) and restart the service. The name says in the histories of tickets and dead letters who it was; give each agent one.`;

function main(): void {
  const { values } = parseArgs({
    options: { role: { type: 'string' }, name: { type: 'string' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return void console.log(HELP);
  const { role = '' } = values;
  if (!ROLES.includes(role)) throw new UsageError(`--role ${role}: give one of ${ROLES.join(', ')}\n\n${HELP}`);
  const { name } = values;
  if (name !== undefined && !NAME.test(name)) {
    throw new UsageError(`--name ${name}: give small letters, digits, dots, dashes or underscores, 64 at most`);
  }
  const token = newToken();
  const line = tokenLine(role, token, name);
  console.log(`The token, for its holder only (it is stored nowhere):\n\n  ${token}\n`);
  console.log(`For API_TOKENS of the service:\n\n  ${line}\n`);
  console.log(`token: made, histories show its holder as ${name ?? line.slice(0, role.length + 1 + 8)}`);
}

try {
  main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  console.log('token: failed');
  process.exitCode = 1;
}
