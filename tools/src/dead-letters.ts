// The command behind `npm run dead-letters`: the API of retry from a shell.
import { readAccess, UsageError } from './access.js';
import { HELP, parseOrder, type Order } from './dead-letters/arguments.js';
import { RetryApi } from './dead-letters/retry-api.js';
import { runOrder } from './dead-letters/run.js';

async function main(): Promise<void> {
  const order = parseOrder(process.argv.slice(2));
  if (order.command === 'help') return void console.log(HELP);
  const { line, good } = await runOrder(apiFor(order), order, (text) => console.log(text));
  // With --json everything on stdout is the document.
  (order.json ? console.error : console.log)(`dead-letters: ${line}`);
  process.exitCode = good ? 0 : 1;
}

const READING = ['list', 'groups', 'show', 'status'];

function apiFor({ url, command }: Order): RetryApi {
  if (url !== undefined) {
    const { RETRY_TOKEN: token } = process.env;
    if (!token) throw new UsageError('--url needs a token of that system in the variable RETRY_TOKEN');
    return new RetryApi(url, token);
  }
  const { retry, tokens } = readAccess();
  if (retry === undefined) throw new UsageError('the running system has no retry service: start it with npm start');
  return new RetryApi(retry, READING.includes(command) ? tokens.viewer : tokens.admin);
}

main().catch((error: Error) => {
  console.error(error instanceof UsageError ? error.message : (error.stack ?? error.message));
  console.log('dead-letters: failed');
  process.exitCode = 1;
});
