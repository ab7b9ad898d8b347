import { alertFaults, alertRules, hasPromtool, NO_PROMTOOL, promtoolFaults } from './observability/alert-files.js';

/** `npm run alerts`: the rules against docs and unit tests. Without promtool it says so and fails: nothing was proved. */
const faults = [...alertFaults(), ...(hasPromtool() ? promtoolFaults() : [NO_PROMTOOL])];
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? `alerts: ok, ${alertRules().length} rules` : 'alerts: failed');
process.exitCode = faults.length === 0 ? 0 : 1;
