import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answersPage } from './dashboards/answers-page.js';
import { dashboardFaults, writeDashboards } from './dashboards/dashboard-files.js';
import type { LiveQuery } from './dashboards/live-queries.js';
import { proveLive } from './dashboards/prove-live.js';
import { repositoryRoot } from './repository-root.js';

const HELP = `npm run dashboards -- write|lint|check

write  makes deploy/observability/dashboards from the code in tools/src/dashboards
lint   compares the files with that code and with docs/metrics.md, and looks for what every panel must have
check  lint; then starts a system of its own with a real Prometheus, keeps it busy, and asks every query of every panel and
       every metric of every alert: each must have data, and every traced histogram an exemplar. Needs the program prometheus. The answers of the overview go to
       .onceline/dashboards/overview.md`;

async function main(): Promise<void> {
  const [command] = process.argv.slice(2);
  if (command === 'write') return console.log(`dashboards: wrote ${writeDashboards().join(', ')}`);
  if (command !== 'lint' && command !== 'check') {
    console.log(HELP);
    process.exitCode = command === '--help' ? 0 : 1;
    return;
  }
  conclude(dashboardFaults(), 'the files are as they should be');
  if (command === 'lint' || process.exitCode === 1) return;
  const began = Date.now();
  const { queries, rules, acknowledged, faults } = await proveLive((line) => console.log(`  ${line}`));
  if (faults.length === 0) writeAnswers(queries.filter(({ dashboard }) => dashboard === 'onceline-overview'));
  const empty = queries.filter(({ samples }) => samples?.length === 0);
  for (const { dashboard, panel, refId, mayBeEmpty } of empty)
    if (mayBeEmpty) console.log(`  rightly empty: ${dashboard}, ${panel}, ${refId}: ${mayBeEmpty}`);
  const seconds = Math.round((Date.now() - began) / 1000);
  conclude(
    faults,
    `${queries.length - empty.length} of ${queries.length} queries have data, ${rules} rules are evaluated; ${acknowledged} updates in ${seconds} s`,
  );
}

function writeAnswers(overview: readonly LiveQuery[]): void {
  const folder = join(repositoryRoot(), '.onceline', 'dashboards');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'overview.md'), `${answersPage(overview)}\n`);
}

function conclude(faults: readonly string[], words: string): void {
  for (const fault of faults) console.error(fault);
  console.log(faults.length === 0 ? `dashboards: ok, ${words}` : 'dashboards: failed');
  if (faults.length > 0) process.exitCode = 1;
}

main().catch((error: Error) => {
  console.error(error.message);
  console.log('dashboards: failed');
  process.exitCode = 1;
});
