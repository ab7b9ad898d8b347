import { SERVICES, type LocalSystem } from './local-system.js';

const STORES = ['postgres', 'kafka'] as const;
/** Longer than a pod takes to leave: 5 s for others to hear of it, and 20 s of drain at most. */
const DRAIN_PATIENCE = '--timeout=60s';

/**
 * What happens to a cluster in its life: a new version of each service, a node that is drained, stores that are restarted. Wants two pods of
 * each service. Answers what should not have been.
 */
export async function disturb(system: LocalSystem, onStep: (what: string) => void): Promise<readonly string[]> {
  for (const service of SERVICES) {
    await system.run('rollout', 'restart', `deployment/${service}`);
    await system.ready(`deployment/${service}`);
    onStep(`deployment ${service} restarted`);
  }
  const faults = await drainOneNode(system, onStep);
  for (const store of STORES) {
    await system.run('rollout', 'restart', `statefulset/${store}`);
    await system.ready(`statefulset/${store}`);
    for (const service of SERVICES) await system.ready(`deployment/${service}`);
    onStep(`${store} restarted`);
  }
  return faults;
}

interface Pods {
  readonly items: readonly {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: { readonly nodeName?: string };
  }[];
}

const OF_SERVICES = `app.kubernetes.io/name in (${SERVICES.join(',')})`;

/** Where it is the only node, the evicted pods have nowhere to go, so the budgets keep the others until it is opened again. */
async function drainOneNode(system: LocalSystem, onStep: (what: string) => void): Promise<readonly string[]> {
  const nodes = (await system.run('get', 'nodes', '-o', 'name')).trim().split('\n');
  const { items } = await system.json<Pods>('get', 'pods', '-l', OF_SERVICES);
  const node = items.find(({ spec }) => spec.nodeName !== undefined)?.spec.nodeName ?? '';
  let faults: readonly string[] = [];
  try {
    const drained = await drains(system, node);
    if (!drained && nodes.length > 1) faults = [`node ${node} could not be drained`];
    else faults = nodes.length > 1 ? await leftOn(system, node) : await unevenlyDrained(system);
    onStep(`node ${node} drained${drained ? '' : ' as far as the budgets let it'}`);
  } finally {
    await system.run('uncordon', node);
  }
  for (const service of SERVICES) await system.ready(`deployment/${service}`);
  onStep(`node ${node} open again`);
  return faults;
}

async function drains(system: LocalSystem, node: string): Promise<boolean> {
  const drain = system.run('drain', node, `--pod-selector=${OF_SERVICES}`, '--delete-emptydir-data', DRAIN_PATIENCE);
  return drain.then(
    () => true,
    () => false,
  );
}

async function leftOn(system: LocalSystem, node: string): Promise<readonly string[]> {
  const { items } = await system.json<Pods>('get', 'pods', '-l', OF_SERVICES);
  const left = items.filter(({ spec }) => spec.nodeName === node);
  return left.map(({ metadata }) => `a pod of ${metadata.labels['app.kubernetes.io/name']} is left on node ${node}`);
}

interface Deployments {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly readyReplicas?: number };
  }[];
}

/** Of each service's two pods one has gone and one works. */
async function unevenlyDrained(system: LocalSystem): Promise<readonly string[]> {
  const { items } = await system.json<Deployments>('get', 'deployments');
  const ours = items.filter(({ metadata }) => SERVICES.some((name) => name === metadata.name));
  return ours
    .filter(({ status }) => status.readyReplicas !== 1)
    .map(
      ({ metadata, status }) =>
        `${status.readyReplicas ?? 0} pods of ${metadata.name} worked in place of one on a drained node`,
    );
}
