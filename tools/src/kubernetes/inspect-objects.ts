import { absentPods, hasLabels, selectedBy, workloadsOf, type KubernetesObject, type Workload } from './objects.js';
import { scrapeFaults } from './inspect-scrapes.js';
import { sizeFaults } from './inspect-sizes.js';

/** What an API server accepts all the same; empty when nothing is wrong. */
export function inspectObjects(objects: readonly KubernetesObject[]): readonly string[] {
  const workloads = workloadsOf(objects);
  return [
    ...objects
      .filter(({ kind }) => kind === 'Secret')
      .map(({ metadata }) => `Secret ${metadata.name}: not by reference`),
    ...workloads.flatMap(podFaults),
    ...workloads.flatMap((workload) => settingsFaults(workload, objects)),
    ...objects.flatMap((object) => selectorFaults(object, workloads)),
    ...objects.flatMap((object) => networkPolicyFaults(object, workloads)),
    ...objects.flatMap(ingressFaults),
    ...sizeFaults(objects),
    ...scrapeFaults(objects),
  ];
}

/** Port names that no container has, tokens, missing requests. */
function podFaults({ title, kind, template: { spec } }: Workload): string[] {
  const faults = spec.containers.flatMap((container) => {
    const { name, ports = [], resources = {}, startupProbe, livenessProbe, readinessProbe } = container;
    const probed = [startupProbe, livenessProbe, readinessProbe].map(
      (probe) => (probe?.httpGet ?? probe?.tcpSocket)?.port,
    );
    const unknown = probed.filter((port) => typeof port === 'string' && !ports.some((known) => known.name === port));
    const { requests = {}, limits = {} } = resources;
    return [
      ...unknown.map((port) => `${title}: a probe of ${name} names the port ${port}, which it does not have`),
      ...(requests['cpu'] && requests['memory'] && limits['memory']
        ? []
        : [`${title}: ${name} has no requests or no limit of memory`]),
    ];
  });
  if (spec.automountServiceAccountToken !== false) faults.push(`${title}: its pods get a token`);
  if (kind !== 'StatefulSet' && (spec.serviceAccountName ?? 'default') === 'default')
    faults.push(`${title}: no ServiceAccount of its own`);
  return faults;
}

/** ConfigMaps that are not there, and pods that are killed in the middle of their drain. */
function settingsFaults({ title, kind, template: { spec } }: Workload, objects: readonly KubernetesObject[]): string[] {
  const maps = new Map(objects.filter(({ kind }) => kind === 'ConfigMap').map((map) => [map.metadata.name, map]));
  return spec.containers.flatMap((container) => {
    const { env = [], envFrom = [], lifecycle } = container;
    const named = [
      ...envFrom.map((from) => from.configMapRef?.name),
      ...env.map((one) => one.valueFrom?.configMapKeyRef?.name),
    ];
    const used = named.filter((name) => name !== undefined);
    const faults = used.filter((name) => !maps.has(name)).map((name) => `${title}: there is no ConfigMap ${name}`);
    if (kind !== 'Deployment') return faults;
    const settings = Object.assign({}, ...used.map((name) => maps.get(name)?.data)) as Record<string, string>;
    const drainMs = Number(settings['SHUTDOWN_TIMEOUT_MS'] ?? DRAIN_MS);
    const neededMs = (lifecycle?.preStop?.sleep?.seconds ?? 0) * 1000 + drainMs;
    const graceMs = (spec.terminationGracePeriodSeconds ?? 30) * 1000;
    return graceMs > neededMs
      ? faults
      : [...faults, `${title}: killed after ${graceMs} ms, its stop may take ${neededMs}`];
  });
}

/** The default of SHUTDOWN_TIMEOUT_MS. */
const DRAIN_MS = 20_000;

/** Services and budgets without pods, and Services that name a port which their pods do not have. */
function selectorFaults(
  { kind, metadata: { name }, spec }: KubernetesObject,
  workloads: readonly Workload[],
): string[] {
  if (kind !== 'Service' && kind !== 'PodDisruptionBudget') return [];
  const found = workloads.filter(({ labels }) => hasLabels(labels, selectedBy(spec)));
  if (found.length !== 1) return [`${kind} ${name}: finds the pods of ${found.length} workloads, not of one`];
  const known = found.flatMap(({ template }) => template.spec.containers.flatMap(({ ports = [] }) => ports));
  const targets = (spec?.ports ?? []).map(({ targetPort }) => targetPort);
  const unknown = targets.filter((port) => !known.some((one) => one.name === port || one.containerPort === port));
  return unknown.map((port) => `Service ${name}: its pods have no port ${port}`);
}

/** A policy for pods that are not there protects nothing. */
function networkPolicyFaults({ kind, metadata, spec }: KubernetesObject, workloads: readonly Workload[]): string[] {
  if (kind !== 'NetworkPolicy') return [];
  const absent = absentPods(spec?.podSelector ?? {}, workloads);
  return absent.map((value) => `NetworkPolicy ${metadata.name}: there are no pods "${value}"`);
}

const WEBHOOK_PATH = '/telegram/';

function ingressFaults({ kind, metadata: { name }, spec }: KubernetesObject): string[] {
  if (kind !== 'Ingress') return [];
  const secured = new Set((spec?.tls ?? []).flatMap(({ hosts = [] }) => hosts));
  return (spec?.rules ?? []).flatMap(({ host = '', http }) => [
    ...(secured.has(host) ? [] : [`Ingress ${name}: no TLS for "${host}"`]),
    ...(http?.paths ?? [])
      .filter(({ path }) => path !== WEBHOOK_PATH)
      .map(({ path }) => `Ingress ${name}: opens ${path}, not only ${WEBHOOK_PATH}`),
  ]);
}
