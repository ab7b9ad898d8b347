// The command behind `npm run bench`: measures side by side and writes what it saw. A missed target is printed, not hidden.
import { parseArgs } from 'node:util';
import { dedupeSuite } from './bench/dedupe-suite.js';
import { growthSuite } from './bench/growth-suite.js';
import { ingressSuite } from './bench/ingress-suite.js';
import { latencySuite } from './bench/latency-suite.js';
import { pipelineSuite } from './bench/pipeline-suite.js';
import { rebuildSuite } from './bench/rebuild-suite.js';
import { isMet, resultTable, writeResult } from './bench/results.js';
import { retrySuite } from './bench/retry-suite.js';
import type { Suite } from './bench/suite-context.js';
import { tracingSuite } from './bench/tracing-suite.js';

const SUITES: Readonly<Record<string, Suite>> = {
  ingress: ingressSuite,
  pipeline: pipelineSuite,
  latency: latencySuite,
  dedupe: dedupeSuite,
  retry: retrySuite,
  tracing: tracingSuite,
  rebuild: rebuildSuite,
  growth: growthSuite,
};

const HELP = `npm run bench -- [ingress | pipeline | latency | dedupe | retry | tracing | rebuild | growth | all] [--quick]

Measures on a stack of its own, in one run, beside the stock way or the floor it is compared with; prints the ratios
and writes .onceline/bench/<suite>.json. --quick takes small counts: it shows that the bench works, not how fast we are.`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return void console.log(HELP);
  const names = positionals.length === 0 || positionals.includes('all') ? Object.keys(SUITES) : positionals;
  const suites = names.map((name) => {
    const suite = SUITES[name];
    if (!suite) throw new Error(`no suite "${name}": give ${Object.keys(SUITES).join(', ')} or all`);
    return { name, suite };
  });
  const verdicts: string[] = [];
  for (const { name, suite } of suites) {
    const result = await suite({ quick: values.quick, say: (line) => console.error(`${name}: ${line}`) });
    console.log(resultTable(result));
    console.log(`  written to ${writeResult(result)}`);
    const missed = result.targets.filter((target) => !isMet(target, result.figures));
    verdicts.push(...missed.map(({ figure }) => `${name} ${figure}`));
  }
  const quick = values.quick ? ' (quick run: the figures mean nothing)' : '';
  console.log(`bench: ${verdicts.length === 0 ? 'all targets met' : `MISS ${verdicts.join(', ')}`}${quick}`);
}

main().catch((error: Error) => {
  console.error(error.stack ?? error.message);
  console.log('bench: failed');
  process.exitCode = 1;
});
