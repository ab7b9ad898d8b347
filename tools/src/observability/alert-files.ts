import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installOnDebian } from '../monitoring/program.js';
import { repositoryRoot } from '../repository-root.js';
import { inspectAlerts } from './inspect-alerts.js';
import { readMetricsPage, type DocumentedMetric } from './metrics-page.js';
import { prometheusRule } from './prometheus-rule.js';
import { readRules, readTests, type AlertRule } from './rule-file.js';

const RULES = 'deploy/observability/rules';
const TESTS = 'deploy/observability/tests';
/** What the Prometheus operator loads. */
const GENERATED = 'deploy/kubernetes/components/prometheus-operator/rules.yaml';

/** Why the unit tests of the alerts did not run, and what to do about it. */
export const NO_PROMTOOL =
  'the unit tests of the alerts did not run: there is no promtool here. It comes with Prometheus; on Debian: ' +
  installOnDebian('prometheus');

/** docs/metrics.md, row by row. */
export function documentedMetrics(): readonly DocumentedMetric[] {
  return readMetricsPage(readFileSync(join(repositoryRoot(), 'docs/metrics.md'), 'utf8'));
}

/** Every rule of `deploy/observability/rules`. */
export function alertRules(): readonly AlertRule[] {
  return filesOf(RULES).flatMap((file) => readRules(file, read(file)));
}

/** Writes the rules once more, for Kubernetes; answers the path. */
export function writePrometheusRule(): string {
  writeFileSync(join(repositoryRoot(), GENERATED), wantedPrometheusRule());
  return GENERATED;
}

function wantedPrometheusRule(): string {
  return prometheusRule(new Map(filesOf(RULES).map((file) => [file, read(file)])));
}

/** What is wrong with the alerts as far as it can be seen without Prometheus; empty when nothing is. */
export function alertFaults(): readonly string[] {
  const isStale = readIfThere(GENERATED) !== wantedPrometheusRule();
  const faults = inspectAlerts(alertRules(), {
    metrics: documentedMetrics(),
    tests: filesOf(TESTS).flatMap((file) => readTests(file, read(file))),
    page: readIfThere,
  });
  return isStale ? [`${GENERATED} is not what the rules make: npm run alerts -- write`, ...faults] : faults;
}

/** Whether promtool can be started. */
export function hasPromtool(): boolean {
  return spawnSync('promtool', ['--version']).status === 0;
}

/** Lets promtool read every rule and run every unit test; answers what it said against them. */
export function promtoolFaults(): readonly string[] {
  const checked = promtool('check', 'rules', ...filesOf(RULES));
  const tested = promtool('test', 'rules', ...filesOf(TESTS));
  const faults = [checked, tested].filter(({ good }) => !good).map(({ said }) => said);
  const counts = [...checked.said.matchAll(/SUCCESS: (\d+) rules found/g)].map(([, count]) => Number(count));
  const counted = counts.reduce((sum, count) => sum + count, 0);
  const ours = alertRules().length;
  return counted === ours ? faults : [...faults, `promtool finds ${counted} rules, we read ${ours}`];
}

/** Runs promtool in the root of the repository. */
export function promtool(...args: string[]): { good: boolean; said: string } {
  const { status, stdout, stderr } = spawnSync('promtool', args, { cwd: repositoryRoot(), encoding: 'utf8' });
  return { good: status === 0, said: `${stdout}${stderr}` };
}

function filesOf(folder: string): string[] {
  const names = readdirSync(join(repositoryRoot(), folder)).filter((name) => name.endsWith('.yml'));
  return names.sort().map((name) => `${folder}/${name}`);
}

function readIfThere(path: string): string | undefined {
  return existsSync(join(repositoryRoot(), path)) ? read(path) : undefined;
}

function read(path: string): string {
  return readFileSync(join(repositoryRoot(), path), 'utf8');
}
