import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../repository-root.js';
import { ApiServer } from './api-server.js';
import { inspectObjects } from './inspect-objects.js';
import type { Kubectl } from './kubectl.js';
import type { KubernetesObject } from './objects.js';

/** Where the overlays are. */
export const OVERLAYS = 'deploy/kubernetes/overlays';

/** What became of one overlay. */
export interface OverlayReport {
  readonly objects: number;
  readonly faults: readonly string[];
  /** Kinds of operators that the server was not told of: the overlay was not proved. */
  readonly unknownKinds: readonly string[];
}

/** Every overlay there is. */
export function overlays(): readonly string[] {
  const entries = readdirSync(join(repositoryRoot(), OVERLAYS), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/**
 * Applies an overlay to a real API server of its own, server-side and strict, twice: it must be safe to repeat. Warnings, such as a
 * pod that the namespace's Pod Security level would not let in, are errors.
 * @param crds a folder with the definitions of the operators' kinds
 */
export async function verifyOverlay(overlay: string, crds: string | undefined): Promise<OverlayReport> {
  const server = await ApiServer.start();
  try {
    if (crds !== undefined) await define(server.kubectl, crds);
    const manifests = await server.kubectl.run(['kustomize', join(OVERLAYS, overlay)]);
    const unknownKinds = await kindsUnknownTo(server.kubectl, manifests);
    if (unknownKinds.length > 0) return { objects: 0, faults: [], unknownKinds };
    return { ...(await applyTwice(server.kubectl, manifests)), unknownKinds };
  } finally {
    await server.stop();
  }
}

async function define(kubectl: Kubectl, crds: string): Promise<void> {
  await kubectl.run(['apply', '--server-side', '-f', crds]);
  await kubectl.run(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=30s']);
}

/** Groups of kinds that this server does not serve. */
async function kindsUnknownTo(kubectl: Kubectl, manifests: string): Promise<string[]> {
  const served = new Set((await kubectl.run(['api-versions'])).split('\n'));
  const asked = new Set([...manifests.matchAll(/^apiVersion: (.+)$/gm)].map(([, version = '']) => version));
  return [...asked].filter((version) => !served.has(version));
}

async function applyTwice(kubectl: Kubectl, manifests: string): Promise<Pick<OverlayReport, 'objects' | 'faults'>> {
  const apply = ['apply', '--server-side', '--validate=strict', '--warnings-as-errors', '-f', '-'];
  try {
    const { items } = await kubectl.json<{ items: readonly KubernetesObject[] }>(apply, manifests);
    await kubectl.run(apply, manifests);
    return { objects: items.length, faults: inspectObjects(items) };
  } catch (error) {
    return { objects: 0, faults: [(error as Error).message] };
  }
}
