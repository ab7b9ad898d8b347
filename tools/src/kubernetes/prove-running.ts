import { auditSystem, describeReport } from '@onceline/audit';
import { connectKafka } from '@onceline/kafka';
import { eventually } from '@onceline/testing';
import { writeAccess, type Access } from '../access.js';
import { smoke, traceInJaeger } from '../compose-proof.js';
import { startLoad } from '../running-load.js';
import { disturb } from './disturb.js';
import { SERVICES, type LocalSystem, type ServiceName } from './local-system.js';
import { refusedStarts } from './refused-starts.js';
import { describeUsage } from './usage.js';

/** How hard to try. */
export interface ProofOptions {
  /** Updates per second while everything is restarted. */
  readonly rate: number;
  readonly seed: number;
  readonly tell: (line: string) => void;
}

const MEASURE_MS = 60_000;
/** Long enough for retries that were under way. */
const AUDIT_WAIT_MS = 120_000;
const JOB_WITHIN_MS = 300_000;
const METRICS_WITHIN_MS = 60_000;
const EVERY_MS = 1000;

/**
 * The overlay `local` in a real cluster: every pod ready, smoke through the Services, what a bad Secret does, what a pod takes, then
 * every Deployment and both stores restarted and a node drained under load, and the audit. Runs where Services can be reached, as on a
 * node. Empty when nothing is wrong.
 */
export async function proveRunning(system: LocalSystem, options: ProofOptions): Promise<readonly string[]> {
  const { tell } = options;
  try {
    await system.rollOut();
    const faults = await restartFaults(system);
    tell(`every pod is ready, ${faults.length} of them after a restart`);
    await system.forwardStores();
    const access = await reachable(system);
    const spans = await traceInJaeger(await smoke(), await system.serviceUrl('jaeger'));
    tell(`Jaeger has its trace, ${spans.length} spans below one root:\n  ${spans.join('\n  ')}`);
    faults.push(...(await refusedStarts(system, tell)));
    await tellUsage(system, access, options);
    await system.run('scale', 'deployment', ...SERVICES, '--replicas=2');
    for (const service of SERVICES) await system.ready(`deployment/${service}`);
    faults.push(...(await disturbUnderLoad(system, access, options)));
    faults.push(...(await auditInCluster(system, access, tell)));
    return [...faults, ...(await restartFaults(system))];
  } finally {
    system.release();
  }
}

/** What one pod of each service takes under the load: where the requests in the manifests come from. */
async function tellUsage(system: LocalSystem, access: Access, { rate, seed, tell }: ProofOptions): Promise<void> {
  const load = startLoad(access, { rate, seed: seed + 1 });
  try {
    const usage = await system.usage(MEASURE_MS);
    await load.finish();
    tell(`at ${rate} updates a second:\n  ${usage.map(describeUsage).join('\n  ')}`);
  } finally {
    load.simulator.stop();
  }
}

async function reachable(system: LocalSystem): Promise<Access> {
  const urls = new Map<ServiceName, string>();
  for (const service of SERVICES) urls.set(service, await system.serviceUrl(service));
  const access = system.access((name) => urls.get(name) ?? '');
  writeAccess(access);
  return access;
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly containerStatuses?: readonly { readonly restartCount: number }[] };
  }[];
}

/** A container that had to be started twice was not stopped or started in order. */
async function restartFaults(system: LocalSystem): Promise<string[]> {
  const { items } = await system.json<PodList>('get', 'pods');
  return items.flatMap(({ metadata, status: { containerStatuses = [] } }) => {
    const restarts = containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
    return restarts === 0 ? [] : [`pod ${metadata.name} was restarted ${restarts} times`];
  });
}

async function disturbUnderLoad(
  system: LocalSystem,
  access: Access,
  { rate, seed, tell }: ProofOptions,
): Promise<readonly string[]> {
  const load = startLoad(access, { rate, seed });
  const faults: string[] = [];
  try {
    const onStep = (what: string) =>
      tell(`${what}, ${load.simulator.stats().acknowledged} updates acknowledged so far`);
    faults.push(...(await disturb(system, onStep)));
    await load.finish();
  } finally {
    load.simulator.stop();
  }
  const { acknowledged, attempts, byStatus } = load.simulator.stats();
  tell(`${acknowledged} updates acknowledged in ${attempts} attempts: ${JSON.stringify(byStatus)}`);
  await system.forwardStores();
  return [...faults, ...(await audit(access, tell))];
}

async function audit({ kafka: brokers, database }: Access, tell: (line: string) => void): Promise<readonly string[]> {
  const kafka = connectKafka({ brokers, clientId: 'onceline-audit' });
  try {
    const report = await auditSystem({ kafka, databaseUrl: database, waitMs: AUDIT_WAIT_MS });
    tell(describeReport(report));
    return report.balanced ? [] : ['the audit does not balance'];
  } finally {
    await kafka.close();
  }
}

/** The nightly audit, now: it reaches what it needs, and what it finds arrives in the metrics. */
async function auditInCluster(
  system: LocalSystem,
  { ticketing }: Access,
  tell: (line: string) => void,
): Promise<readonly string[]> {
  const before = await auditedAt(ticketing);
  await system.run('delete', 'job', 'audit-now', '--ignore-not-found');
  await system.run('create', 'job', 'audit-now', '--from=cronjob/audit');
  const hasEnded = async () => {
    const { status } = await system.json<Job>('get', 'job', 'audit-now');
    return (status.succeeded ?? 0) + (status.failed ?? 0) > 0;
  };
  await eventually(hasEnded, { withinMs: JOB_WITHIN_MS, everyMs: EVERY_MS });
  const said = (await system.run('logs', 'job/audit-now')).trim().split('\n').at(-1);
  tell(`the audit in the cluster ends with: ${said}`);
  if (said !== 'audit: balanced') return ['the audit in the cluster does not balance'];
  return (await isLater(ticketing, before)) ? [] : ['the audit in the cluster is not in the metrics of ticketing'];
}

interface Job {
  readonly status: { readonly succeeded?: number; readonly failed?: number };
}

/** Services look at the database every few seconds, and either of two pods may answer. */
async function isLater(ticketing: string, before: number): Promise<boolean> {
  const later = async () => (await auditedAt(ticketing)) > before;
  return eventually(later, { withinMs: METRICS_WITHIN_MS, everyMs: EVERY_MS }).catch(() => false);
}

async function auditedAt(ticketing: string): Promise<number> {
  const metrics = await (await fetch(`${ticketing}/metrics`)).text();
  const [, time] = /^onceline_ticketing_audit_finished_timestamp_seconds(?:\{.*\})? (\S+)/m.exec(metrics) ?? [];
  return Number(time ?? 0);
}
