import {
  alertFaults,
  alertRules,
  hasPromtool,
  NO_PROMTOOL,
  promtoolFaults,
  writePrometheusRule,
} from './observability/alert-files.js';

const HELP = `npm run alerts [-- write]

Holds the rules of deploy/observability/rules against docs and unit tests. Without promtool it says so and fails: nothing was proved.
write  makes the rules of deploy/kubernetes/components/prometheus-operator from them instead`;

function check(): void {
  const faults = [...alertFaults(), ...(hasPromtool() ? promtoolFaults() : [NO_PROMTOOL])];
  for (const fault of faults) console.error(fault);
  console.log(faults.length === 0 ? `alerts: ok, ${alertRules().length} rules` : 'alerts: failed');
  process.exitCode = faults.length === 0 ? 0 : 1;
}

const [command] = process.argv.slice(2);
if (command === undefined) check();
else if (command === 'write') console.log(`alerts: wrote ${writePrometheusRule()}`);
else {
  console.log(HELP);
  process.exitCode = command === '--help' ? 0 : 1;
}
