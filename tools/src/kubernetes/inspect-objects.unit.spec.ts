import { inspectObjects } from './inspect-objects.js';
import type { Container, KubernetesObject, ObjectSpec } from './objects.js';

const labels = { 'app.kubernetes.io/name': 'dedupe', 'app.kubernetes.io/part-of': 'onceline' };
const selector = { matchLabels: labels };

const container: Container = {
  name: 'dedupe',
  ports: [{ name: 'http', containerPort: 8081 }],
  envFrom: [{ configMapRef: { name: 'settings' } }],
  lifecycle: { preStop: { sleep: { seconds: 5 } } },
  readinessProbe: { httpGet: { path: '/health/ready', port: 'http' } },
  resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { memory: '1Gi' } },
};

interface Changes {
  readonly container?: Partial<Container>;
  readonly pod?: Partial<NonNullable<ObjectSpec['template']>['spec']>;
  readonly settings?: Record<string, string>;
  readonly scaler?: ObjectSpec;
  readonly others?: readonly KubernetesObject[];
}

/** One service that has nothing wrong with it, but for the changes. */
function deployed({ container: changed, pod, settings, scaler, others = [] }: Changes = {}): KubernetesObject[] {
  const object = (kind: string, spec: ObjectSpec): KubernetesObject => ({ kind, metadata: { name: 'dedupe' }, spec });
  return [
    { kind: 'ConfigMap', metadata: { name: 'settings' }, data: { PARTITIONS: '12', ...settings } },
    object('Deployment', {
      selector,
      template: {
        metadata: { labels },
        spec: {
          automountServiceAccountToken: false,
          serviceAccountName: 'dedupe',
          terminationGracePeriodSeconds: 40,
          containers: [{ ...container, ...changed }],
          ...pod,
        },
      },
    }),
    object('Service', { selector: labels, ports: [{ targetPort: 'http' }] }),
    object('PodDisruptionBudget', { selector }),
    object('HorizontalPodAutoscaler', {
      scaleTargetRef: { name: 'dedupe' },
      minReplicas: 3,
      maxReplicas: 12,
      ...scaler,
    }),
    ...others,
  ];
}

const named = (kind: string, name: string, spec: ObjectSpec = {}): KubernetesObject => ({
  kind,
  metadata: { name },
  spec,
});

const scraped = ({ names = ['dedupe'], port = 'http' }: { names?: string[]; port?: string } = {}): KubernetesObject =>
  named('PodMonitor', 'onceline', {
    selector: { matchExpressions: [{ key: 'app.kubernetes.io/name', values: names }] },
    podMetricsEndpoints: [{ port }],
  });

describe('inspectObjects', () => {
  it('finds nothing wrong with a whole service', () => {
    expect(inspectObjects(deployed())).toEqual([]);
    expect(inspectObjects(deployed({ others: [scraped()] }))).toEqual([]);
  });

  it.each<[string, Changes, string]>([
    [
      'a probe of a port that is not there',
      { container: { livenessProbe: { httpGet: { path: '/', port: 'web' } } } },
      'Deployment dedupe: a probe of dedupe names the port web, which it does not have',
    ],
    [
      'a pod without requests',
      { container: { resources: {} } },
      'Deployment dedupe: dedupe has no requests or no limit of memory',
    ],
    ['a token', { pod: { automountServiceAccountToken: true } }, 'Deployment dedupe: its pods get a token'],
    [
      'the common account',
      { pod: { serviceAccountName: 'default' } },
      'Deployment dedupe: no ServiceAccount of its own',
    ],
    [
      'a ConfigMap that is not there',
      { container: { envFrom: [{ configMapRef: { name: 'setings' } }] } },
      'Deployment dedupe: there is no ConfigMap setings',
    ],
    [
      'a grace shorter than the stop',
      { settings: { SHUTDOWN_TIMEOUT_MS: '35000' } },
      'Deployment dedupe: killed after 40000 ms, its stop may take 40000',
    ],
    [
      'a grace that is as long as the stop may take',
      { pod: { terminationGracePeriodSeconds: 25 } },
      'Deployment dedupe: killed after 25000 ms, its stop may take 25000',
    ],
    [
      'more pods than partitions',
      { scaler: { maxReplicas: 13 } },
      'HorizontalPodAutoscaler dedupe: up to 13 pods for 12 partitions',
    ],
    [
      'partitions that cannot be shared evenly',
      { settings: { PARTITIONS: '16' } },
      'HorizontalPodAutoscaler dedupe: 3 pods do not share 16 partitions evenly',
    ],
    [
      'a Service to nowhere',
      { others: [named('Service', 'dedup', { selector: { 'app.kubernetes.io/name': 'dedup' } })] },
      'Service dedup: finds the pods of 0 workloads, not of one',
    ],
    [
      'a Service to a port that is not there',
      { others: [named('Service', 'metrics', { selector: labels, ports: [{ targetPort: 9100 }] })] },
      'Service metrics: its pods have no port 9100',
    ],
    ['a Secret in the manifests', { others: [named('Secret', 'tokens')] }, 'Secret tokens: not by reference'],
    [
      'a policy for pods that are not there',
      {
        others: [
          named('NetworkPolicy', 'all', {
            podSelector: { matchExpressions: [{ key: 'app.kubernetes.io/name', values: ['dedupe', 'ticket'] }] },
          }),
        ],
      },
      'NetworkPolicy all: there are no pods "ticket"',
    ],
    [
      'a door beside the webhook',
      {
        others: [
          named('Ingress', 'door', {
            tls: [{ hosts: ['a.example'] }],
            rules: [{ host: 'a.example', http: { paths: [{ path: '/' }] } }],
          }),
        ],
      },
      'Ingress door: opens /, not only /telegram/',
    ],
    [
      'a door without TLS',
      {
        others: [
          named('Ingress', 'door', { rules: [{ host: 'a.example', http: { paths: [{ path: '/telegram/' }] } }] }),
        ],
      },
      'Ingress door: no TLS for "a.example"',
    ],
    [
      'a scrape of pods that are not there',
      { others: [scraped({ names: ['dedupe', 'ticket'] })] },
      'PodMonitor onceline: there are no pods "ticket"',
    ],
    [
      'a scrape of a port that is not there',
      { others: [scraped({ port: 'metrics' })] },
      'PodMonitor onceline: Deployment dedupe has no port metrics',
    ],
    [
      'a service that is not scraped while others are',
      { others: [scraped({ names: [] })] },
      'Deployment dedupe: no PodMonitor looks at it',
    ],
  ])('sees %s', (_what, changes, fault) => {
    expect(inspectObjects(deployed(changes))).toEqual([fault]);
  });

  it('sees a Deployment without a PodDisruptionBudget', () => {
    const objects = deployed().filter(({ kind }) => kind !== 'PodDisruptionBudget');
    expect(inspectObjects(objects)).toEqual(['Deployment dedupe: no PodDisruptionBudget']);
  });
});
