import { connectKafka } from '@onceline/kafka';
import { auditSystem, describeReport } from '@onceline/testing';
import type { Access } from '../access.js';
import { runSmoke } from '../compose-proof.js';
import { startLoad } from '../running-load.js';
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

/**
 * The overlay `local` in a real cluster: every pod ready, smoke through the Services, what a bad Secret does, what a pod takes, then
 * every Deployment restarted under load, and the audit. Runs where Services can be reached, as on a node. Empty when nothing is wrong.
 */
export async function proveRunning(system: LocalSystem, options: ProofOptions): Promise<readonly string[]> {
  const { tell } = options;
  try {
    await system.rollOut();
    const faults = await restartFaults(system);
    tell(`every pod is ready, ${faults.length} of them after a restart`);
    await system.forward('kafka');
    await system.forward('postgres');
    const access = await reachable(system);
    await runSmoke();
    faults.push(...(await refusedStarts(system, tell)));
    await tellUsage(system, access, options);
    await system.run('scale', 'deployment', ...SERVICES, '--replicas=2');
    for (const service of SERVICES) await system.ready(`deployment/${service}`);
    return [...faults, ...(await restartUnderLoad(system, access, options)), ...(await restartFaults(system))];
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
  system.writeAccess(access);
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

async function restartUnderLoad(
  system: LocalSystem,
  access: Access,
  { rate, seed, tell }: ProofOptions,
): Promise<readonly string[]> {
  const load = startLoad(access, { rate, seed });
  try {
    for (const service of SERVICES) {
      await system.run('rollout', 'restart', `deployment/${service}`);
      await system.ready(`deployment/${service}`);
      tell(`deployment ${service} restarted, ${load.simulator.stats().acknowledged} updates acknowledged so far`);
    }
    await load.finish();
  } finally {
    load.simulator.stop();
  }
  const { acknowledged, attempts, byStatus } = load.simulator.stats();
  tell(`${acknowledged} updates acknowledged in ${attempts} attempts: ${JSON.stringify(byStatus)}`);
  return audit(access, tell);
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
