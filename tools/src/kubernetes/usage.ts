import { setTimeout as sleep } from 'node:timers/promises';
import type { Kubectl } from './kubectl.js';
import { NAMESPACE } from './local-secrets.js';

/** What a pod took. */
export interface Usage {
  readonly pod: string;
  /** Of one core, on average. */
  readonly cores: number;
  /** Of its working set, at most: what the kubelet holds against the limit. */
  readonly bytes: number;
}

/** A pod as the kubelet's summary has it. */
export interface PodSample {
  readonly podRef: { readonly name: string; readonly namespace: string };
  readonly cpu?: { readonly time: string; readonly usageCoreNanoSeconds?: number };
  readonly memory?: { readonly workingSetBytes?: number };
}

const EVERY_MS = 5000;

/** Asks the kubelets what the pods take, again and again for so long. */
export async function usageFor(kubectl: Kubectl, milliseconds: number): Promise<readonly Usage[]> {
  const nodes = (await kubectl.run(['get', 'nodes', '-o', 'name'])).trim().split('\n');
  const samples: PodSample[][] = [];
  const deadline = Date.now() + milliseconds;
  while (Date.now() < deadline) {
    samples.push((await Promise.all(nodes.map((node) => sampleOf(kubectl, node)))).flat());
    await sleep(EVERY_MS);
  }
  return usageIn(samples);
}

async function sampleOf(kubectl: Kubectl, node: string): Promise<readonly PodSample[]> {
  const path = `/api/v1/nodes/${node.replace('node/', '')}/proxy/stats/summary`;
  const { pods } = JSON.parse(await kubectl.run(['get', '--raw', path])) as { pods: readonly PodSample[] };
  return pods.filter(({ podRef }) => podRef.namespace === NAMESPACE);
}

/** Of the pods that were there from the first sample to the last. */
export function usageIn(samples: readonly (readonly PodSample[])[]): readonly Usage[] {
  const [first = []] = samples;
  return first.flatMap((begin) => {
    const all = samples.map((sample) => sample.find(({ podRef }) => podRef.name === begin.podRef.name));
    const end = all.at(-1);
    if (all.includes(undefined) || !begin.cpu || !end?.cpu) return [];
    const seconds = (Date.parse(end.cpu.time) - Date.parse(begin.cpu.time)) / 1000;
    const worked = ((end.cpu.usageCoreNanoSeconds ?? 0) - (begin.cpu.usageCoreNanoSeconds ?? 0)) / 1e9;
    const bytes = Math.max(...all.map((sample) => sample?.memory?.workingSetBytes ?? 0));
    return seconds > 0 ? [{ pod: begin.podRef.name, cores: worked / seconds, bytes }] : [];
  });
}

/** As a person reads it, e.g. `ingress-7c: 0.21 cores, 131 MiB`. */
export function describeUsage({ pod, cores, bytes }: Usage): string {
  return `${pod}: ${cores.toFixed(2)} cores, ${Math.round(bytes / 1024 / 1024)} MiB`;
}
