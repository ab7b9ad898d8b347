import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { accessPath, type Access } from '../access.js';
import { repositoryRoot } from '../repository-root.js';
import type { Kubectl } from './kubectl.js';
import { localCredentials, localSecrets, NAMESPACE } from './local-secrets.js';
import { usageFor, type Usage } from './usage.js';
import { OVERLAYS } from './verify-overlays.js';

/** The services in the order of the data path; each is a Deployment and a Service. */
export const SERVICES = ['ingress', 'dedupe', 'ticketing', 'retry'] as const;
export type ServiceName = (typeof SERVICES)[number];

const PORTS = {
  ingress: 8080,
  dedupe: 8081,
  ticketing: 8082,
  retry: 8083,
  kafka: 29092,
  postgres: 5432,
  jaeger: 16686,
} as const;
/** Where they come to on 127.0.0.1: as in docs/containers.md. */
const FORWARDED = { ...PORTS, postgres: 25432 } as const;
const OVERLAY = `${OVERLAYS}/local`;

/** The overlay `local` in a cluster. */
export class LocalSystem {
  private readonly forwards: { stop(): void }[] = [];

  constructor(private readonly kubectl: Kubectl) {}

  /** As docs/kubernetes.md says it: Secrets, stores and the Job first, then the services. Returns when every pod is ready. */
  async rollOut(): Promise<void> {
    await this.kubectl.run(['apply', '--server-side', '-f', 'deploy/kubernetes/base/namespace.yaml']);
    await this.kubectl.run(
      ['apply', '--server-side', '--force-conflicts', '-f', '-'],
      localSecrets(localCredentials()),
    );
    await this.run('delete', 'job', 'setup', '--ignore-not-found');
    await this.kubectl.run(['apply', '--server-side', '-k', OVERLAY, '-l', 'onceline/order=first']);
    await this.run('wait', '--for=condition=Complete', 'job/setup', '--timeout=300s');
    await this.kubectl.run(['apply', '--server-side', '-k', OVERLAY]);
    for (const store of ['kafka', 'postgres']) await this.ready(`statefulset/${store}`);
    for (const deployment of ['jaeger', ...SERVICES]) await this.ready(`deployment/${deployment}`);
  }

  /** kubectl in the namespace. */
  run(...args: readonly string[]): Promise<string> {
    return this.kubectl.run(['-n', NAMESPACE, ...args]);
  }

  json<T>(...args: readonly string[]): Promise<T> {
    return this.kubectl.json<T>(['-n', NAMESPACE, ...args]);
  }

  async apply(object: object): Promise<void> {
    await this.kubectl.run(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(object));
  }

  /** Waits until a workload is rolled out: every pod is of its newest version, and ready. */
  async ready(workload: string): Promise<void> {
    await this.run('rollout', 'status', workload, '--timeout=300s');
  }

  /** What the pods take, watched for so long. */
  usage(milliseconds: number): Promise<readonly Usage[]> {
    return usageFor(this.kubectl, milliseconds);
  }

  /** Where a Service answers inside the cluster, e.g. `http://10.96.0.7:8080`. */
  async serviceUrl(name: ServiceName | 'jaeger'): Promise<string> {
    const { spec } = await this.json<{ spec: { clusterIP: string } }>('get', 'service', name);
    return `http://${spec.clusterIP}:${PORTS[name]}`;
  }

  /** Brings a Service to a port of 127.0.0.1 until {@link release}. */
  async forward(name: keyof typeof PORTS): Promise<void> {
    const port = `${FORWARDED[name]}:${PORTS[name]}`;
    const child = this.kubectl.start([
      '-n',
      NAMESPACE,
      'port-forward',
      '--address',
      '127.0.0.1',
      `service/${name}`,
      port,
    ]);
    this.forwards.push({ stop: () => child.kill() });
    let complaints = '';
    child.stderr?.on('data', (chunk: Buffer) => (complaints += chunk.toString()));
    if (!child.stdout) throw new Error('kubectl has no output');
    const [line] = (await Promise.race([
      once(createInterface(child.stdout), 'line'),
      once(child, 'close').then(() => ['']),
    ])) as [string];
    if (!line.startsWith('Forwarding')) throw new Error(`${name} could not be forwarded: ${complaints}`);
  }

  /** How to reach it. Kafka and PostgreSQL always come through {@link forward}. */
  access(urlOf: (name: ServiceName) => string): Access {
    const { bots, tokens, password } = localCredentials();
    return {
      ...{ ingress: urlOf('ingress'), dedupe: urlOf('dedupe'), ticketing: urlOf('ticketing'), retry: urlOf('retry') },
      ...{ bots, tokens, pids: {} },
      kafka: [`127.0.0.1:${FORWARDED.kafka}`],
      database: `postgres://onceline:${password}@127.0.0.1:${FORWARDED.postgres}/onceline`,
    };
  }

  /** Brings the stores to 127.0.0.1 until {@link release}; anew after they were restarted, since a forward ends with its pod. */
  async forwardStores(): Promise<void> {
    this.endForwards();
    await this.forward('kafka');
    await this.forward('postgres');
  }

  private endForwards(): void {
    for (const forward of this.forwards.splice(0)) forward.stop();
  }

  /** Ends the forwards and forgets the access file. */
  release(): void {
    this.endForwards();
    rmSync(accessPath(repositoryRoot()), { force: true });
  }
}

/** Where {@link LocalSystem.forward} brings a service. */
export function forwardedUrl(name: ServiceName | 'jaeger'): string {
  return `http://127.0.0.1:${FORWARDED[name]}`;
}
