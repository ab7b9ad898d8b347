import { absentPods, askedBy, workloadsOf, type KubernetesObject, type PodSelector, type Workload } from './objects.js';

/** PodMonitors that look for pods or ports which are not there, and, where there are PodMonitors, services that none looks at. */
export function scrapeFaults(objects: readonly KubernetesObject[]): readonly string[] {
  const workloads = workloadsOf(objects);
  const monitors = objects.filter(({ kind }) => kind === 'PodMonitor');
  if (monitors.length === 0) return [];
  const unseen = workloads.filter(
    (workload) => workload.kind === 'Deployment' && !monitors.some((monitor) => looksAt(monitor, workload)),
  );
  return [
    ...monitors.flatMap((monitor) => monitorFaults(monitor, workloads)),
    ...unseen.map(({ title }) => `${title}: no PodMonitor looks at it`),
  ];
}

function monitorFaults(monitor: KubernetesObject, workloads: readonly Workload[]): string[] {
  const title = `PodMonitor ${monitor.metadata.name}`;
  const ports = (monitor.spec?.podMetricsEndpoints ?? []).map(({ port = '' }) => port);
  return [
    ...absentPods(selectorOf(monitor), workloads).map((value) => `${title}: there are no pods "${value}"`),
    ...workloads
      .filter((workload) => looksAt(monitor, workload))
      .flatMap((workload) => ports.filter((port) => !hasPort(workload, port)).map((port) => ({ workload, port })))
      .map(({ workload, port }) => `${title}: ${workload.title} has no port ${port}`),
  ];
}

function looksAt(monitor: KubernetesObject, { labels }: Workload): boolean {
  return askedBy(selectorOf(monitor)).every(({ key, values }) => values.includes(labels[key] ?? ''));
}

function hasPort({ template }: Workload, port: string): boolean {
  return template.spec.containers.some(({ ports = [] }) => ports.some(({ name }) => name === port));
}

function selectorOf({ spec }: KubernetesObject): PodSelector {
  return spec?.selector ?? {};
}
