import { parseArgs } from 'node:util';
import { describeReport } from '@onceline/audit';
import { runBrokerKills } from './broker-kill-run.js';
import { wholeNumberFlag } from './whole-number-flag.js';

const HELP = `npm run broker-kills -- [--kills 20] [--transactions 5000] [--rate 400] [--seed 1]

Three brokers of its own, killed (SIGKILL) and restarted in turn under load, until both numbers are reached; then every
key of raw, unique and seen is counted as committed readers see them. Takes some minutes.`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '20' },
      transactions: { type: 'string', default: '5000' },
      rate: { type: 'string', default: '400' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void console.log(HELP);
  const { kills, transactions, updates, report } = await runBrokerKills({
    kills: wholeNumberFlag('kills', values.kills),
    transactions: wholeNumberFlag('transactions', values.transactions),
    rate: wholeNumberFlag('rate', values.rate),
    seed: wholeNumberFlag('seed', values.seed),
    onProgress: (line) => console.log(`  ${line}`),
  });
  console.log(describeReport(report));
  console.log(
    `broker-kills: ${report.balanced ? 'ok' : 'FAILED'}, ${kills} kills, ${transactions} transactions, ${updates} updates`,
  );
  process.exitCode = report.balanced ? 0 : 1;
}

main().catch((error: Error) => {
  console.error(error.message);
  console.log('broker-kills: failed');
  process.exitCode = 1;
});
