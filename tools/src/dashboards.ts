import { dashboardFaults, writeDashboards } from './dashboards/dashboard-files.js';

const HELP = `npm run dashboards -- write|lint

write  makes deploy/observability/dashboards from the code in tools/src/dashboards
lint   compares the files with that code and with docs/metrics.md, and looks for what every panel must have`;

const [command] = process.argv.slice(2);
if (command === 'write') console.log(`dashboards: wrote ${writeDashboards().join(', ')}`);
else if (command === 'lint') lint();
else console.log(HELP);

function lint(): void {
  const faults = dashboardFaults();
  for (const fault of faults) console.error(fault);
  console.log(faults.length === 0 ? 'dashboards: ok' : 'dashboards: failed');
  process.exitCode = faults.length === 0 ? 0 : 1;
}
