import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { documentedMetrics, promtool } from '../observability/alert-files.js';
import { repositoryRoot } from '../repository-root.js';
import { DASHBOARDS } from './all-dashboards.js';
import { grafanaJson } from './grafana-json.js';
import { inspectDashboards } from './inspect-dashboards.js';
import { queriesOf, withRateInterval } from './live-queries.js';
import type { FileDashboard } from './read-dashboard.js';

const FOLDER = 'deploy/observability/dashboards';

/** The files as the code makes them, by name. */
function wanted(): ReadonlyMap<string, string> {
  return new Map(
    DASHBOARDS.map((dashboard) => [`${dashboard.name}.json`, `${JSON.stringify(grafanaJson(dashboard), null, 2)}\n`]),
  );
}

function present(): ReadonlyMap<string, string> {
  const folder = join(repositoryRoot(), FOLDER);
  const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/** Writes every file, and removes those that no code makes any more. */
export function writeDashboards(): readonly string[] {
  const folder = join(repositoryRoot(), FOLDER);
  mkdirSync(folder, { recursive: true });
  const files = wanted();
  for (const name of present().keys()) if (!files.has(name)) rmSync(join(folder, name));
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  return [...files.keys()];
}

/** The dashboards as Grafana loads them. */
export function dashboardFiles(): readonly FileDashboard[] {
  return [...present().values()].map((text) => JSON.parse(text) as FileDashboard);
}

/** What is wrong with the files as far as it can be seen without Prometheus; empty when nothing is. */
export function dashboardFaults(): readonly string[] {
  const files = present();
  const names = new Set([...wanted().keys(), ...files.keys()]);
  const stale = [...names].filter((name) => wanted().get(name) !== files.get(name));
  return [
    ...stale.map((name) => `${FOLDER}/${name} is not what the code makes: npm run dashboards -- write`),
    ...inspectDashboards(dashboardFiles(), documentedMetrics()),
  ];
}

/** What promtool says against the queries: it reads rules, so that each becomes one. JSON is YAML as well. */
export function syntaxFaults(): readonly string[] {
  const rules = queriesOf(dashboardFiles()).map(({ expr }, index) => ({
    record: `dashboards:query_${index}`,
    expr: withRateInterval(expr),
  }));
  const folder = mkdtempSync(join(tmpdir(), 'onceline-queries-'));
  try {
    const file = join(folder, 'queries.json');
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboards', rules }] }));
    const { good, said } = promtool('check', 'rules', file);
    return good && said.includes(`SUCCESS: ${rules.length} rules found`) ? [] : [said];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
