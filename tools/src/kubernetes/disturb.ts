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

/** Where it is the only node, the evicted pods have nowhere to go, so the budgets keep the others until it is opened again. */
async function drainOneNode(system: LocalSystem, onStep: (what: string) => void): Promise<readonly string[]> {
  const nodes = (await system.run('get', 'nodes', '-o', 'jsonpath={.items[*].metadata.name}')).trim().split(' ');
  const [node = ''] = nodes;
  const services = `--pod-selector=app.kubernetes.io/name in (${SERVICES.join(',')})`;
  try {
    await system.run('drain', node, services, '--delete-emptydir-data', DRAIN_PATIENCE);
    onStep(`node ${node} drained`);
  } catch (error) {
    if (nodes.length > 1) throw error;
    onStep(`node ${node} drained as far as the budgets let it`);
  }
  const faults = await unevenlyDrained(system, nodes.length);
  await system.run('uncordon', node);
  for (const service of SERVICES) await system.ready(`deployment/${service}`);
  onStep(`node ${node} open again`);
  return faults;
}

interface Deployments {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly readyReplicas?: number };
  }[];
}

/** Of a service's two pods one has gone and one works. */
async function unevenlyDrained(system: LocalSystem, nodes: number): Promise<readonly string[]> {
  const { items } = await system.json<Deployments>('get', 'deployments');
  return items.flatMap(({ metadata: { name }, status: { readyReplicas = 0 } }) => {
    if (readyReplicas === 0) return [`no pod of ${name} was left when the node was drained`];
    return nodes === 1 && readyReplicas > 1 ? [`no pod of ${name} was evicted when the node was drained`] : [];
  });
}
