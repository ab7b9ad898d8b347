import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startReaper, type Reaper } from '@onceline/local-stack';
import { repositoryRoot } from '../repository-root.js';
import { hurriedRules, localAlertmanagerConfig, localPrometheusConfig } from './local-configs.js';
import { Program } from './program.js';

const RULES = 'deploy/observability/rules';

/** What is to be watched, and who is to be told. */
export interface MonitoringOptions {
  /** Base URL of each service. */
  readonly services: Readonly<Record<string, string>>;
  /** Where alerts are posted, under the name of their receiver. Without it there is no Alertmanager, and rules keep their waits. */
  readonly hook?: string;
}

/** A real Prometheus with the configuration and the rules of this repository, and perhaps a real Alertmanager. */
export interface Monitoring {
  /** Base URL. */
  readonly prometheus: string;
  stop(): Promise<void>;
}

/** Starts them on free ports. With a hook, rules wait a second where they waited a minute. @throws with what is missing here */
export async function startMonitoring({ services, hook }: MonitoringOptions): Promise<Monitoring> {
  const folder = mkdtempSync(join(tmpdir(), 'onceline-monitoring-'));
  const reaper = startReaper(folder);
  const programs: Program[] = [];
  const stop = async (): Promise<void> => {
    for (const program of programs.reverse()) await program.stop();
    reaper.dismiss();
    rmSync(folder, { recursive: true, force: true });
  };
  const hosts = Object.entries(services).map(([name, url]) => [name, new URL(url).host]);
  try {
    const alertmanager = hook === undefined ? undefined : `127.0.0.1:${await freePort()}`;
    if (alertmanager && hook) programs.push(await startAlertmanager(folder, alertmanager, hook, reaper));
    const address = `127.0.0.1:${await freePort()}`;
    const config = localPrometheusConfig(read('deploy/compose/prometheus.yml'), {
      services: Object.fromEntries(hosts) as Record<string, string>,
      rules: hook === undefined ? join(repositoryRoot(), RULES, '*.yml') : hurriedRuleFiles(folder),
      ...(alertmanager ? { alertmanager } : {}),
    });
    programs.push(await startPrometheus(folder, address, config, reaper));
    return { prometheus: `http://${address}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startPrometheus(folder: string, address: string, config: string, reaper: Reaper): Promise<Program> {
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, config);
  return Program.start({
    names: ['prometheus'],
    debianPackage: 'prometheus',
    args: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=${address}`,
      '--enable-feature=exemplar-storage',
    ],
    readyUrl: `http://${address}/-/ready`,
    reaper,
  });
}

function startAlertmanager(folder: string, address: string, hook: string, reaper: Reaper): Promise<Program> {
  const file = join(folder, 'alertmanager.yml');
  writeFileSync(file, localAlertmanagerConfig(read('deploy/compose/alertmanager.yml'), hook));
  return Program.start({
    // Debian calls it by another name.
    names: ['alertmanager', 'prometheus-alertmanager'],
    debianPackage: 'prometheus-alertmanager',
    args: [
      `--config.file=${file}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
    ],
    readyUrl: `http://${address}/-/ready`,
    reaper,
  });
}

/** Rule files with shorter waits, in the folder. Answers their glob. */
function hurriedRuleFiles(folder: string): string {
  const hurried = join(folder, 'rules');
  mkdirSync(hurried);
  const names = readdirSync(join(repositoryRoot(), RULES)).filter((name) => name.endsWith('.yml'));
  for (const name of names) writeFileSync(join(hurried, name), hurriedRules(read(`${RULES}/${name}`)));
  return join(hurried, '*.yml');
}

function read(path: string): string {
  return readFileSync(join(repositoryRoot(), path), 'utf8');
}
