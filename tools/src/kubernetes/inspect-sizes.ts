import { DEFAULT_PARTITIONS } from '@onceline/contracts';
import { hasLabels, selectedBy, workloadsOf, type KubernetesObject } from './objects.js';

/** Services whose pods share the partitions of the update topics. */
const SIZED_BY_PARTITIONS = ['dedupe', 'ticketing'];

/** Deployments of ours that a drained node may end altogether, and consumers with more pods than there are partitions. */
export function sizeFaults(objects: readonly KubernetesObject[]): readonly string[] {
  const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget');
  const deployments = workloadsOf(objects).filter(
    ({ kind, labels }) => kind === 'Deployment' && labels['app.kubernetes.io/part-of'] === 'onceline',
  );
  const unguarded = deployments.filter(
    ({ labels }) => !budgets.some(({ spec }) => hasLabels(labels, selectedBy(spec))),
  );
  const scalers = objects.filter(({ spec }) => SIZED_BY_PARTITIONS.includes(spec?.scaleTargetRef?.name ?? ''));
  return [
    ...unguarded.map(({ title }) => `${title}: no PodDisruptionBudget`),
    ...scalers.flatMap((scaler) => scalerFaults(scaler, partitionsOf(objects))),
  ];
}

function scalerFaults({ kind, metadata: { name }, spec = {} }: KubernetesObject, partitions: number): string[] {
  const least = spec.minReplicas ?? spec.minReplicaCount ?? 1;
  const most = spec.maxReplicas ?? spec.maxReplicaCount ?? Infinity;
  return [
    ...(most <= partitions ? [] : [`${kind} ${name}: up to ${most} pods for ${partitions} partitions`]),
    ...(partitions % least === 0
      ? []
      : [`${kind} ${name}: ${least} pods do not share ${partitions} partitions evenly`]),
  ];
}

function partitionsOf(objects: readonly KubernetesObject[]): number {
  const set = objects.map(({ data }) => data?.['PARTITIONS']).find((value) => value !== undefined);
  return Number(set ?? DEFAULT_PARTITIONS);
}
