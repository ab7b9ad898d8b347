// The command behind `npm run simulate`.
import { readAccess, UsageError } from './access.js';
import { parseSimulateOptions, simulateHelp } from './simulate-options.js';
import { simulate } from './simulate-run.js';

const output = {
  say: (line: string) => void process.stderr.write(`${line}\n`),
  conclude: (line: string) => void process.stdout.write(`${line}\n`),
};

try {
  const options = parseSimulateOptions(process.argv.slice(2), Date.now());
  if (options.help) output.conclude(simulateHelp);
  else process.exitCode = (await simulate(readAccess(), options, output)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  output.say(`simulate: ${error.message}`);
  process.exitCode = 2;
}
