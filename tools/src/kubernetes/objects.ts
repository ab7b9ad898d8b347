/** A Kubernetes object, as far as it is looked at. */
export interface KubernetesObject {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Labels };
  readonly spec?: ObjectSpec;
  /** Of a ConfigMap. */
  readonly data?: Labels;
}

type Labels = Readonly<Record<string, string>>;

/** Fields of the kinds that are looked at, side by side. */
export interface ObjectSpec {
  readonly template?: PodTemplate;
  /** Of a CronJob. */
  readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplate } };
  /** Of a Service plain labels, of everything else `matchLabels` and the like. */
  readonly selector?: Labels | PodSelector;
  readonly podSelector?: PodSelector;
  readonly ports?: readonly { readonly targetPort?: number | string }[];
  readonly scaleTargetRef?: { readonly name: string };
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  /** Of KEDA's ScaledObject. */
  readonly minReplicaCount?: number;
  readonly maxReplicaCount?: number;
  /** Of the Prometheus operator's PodMonitor. */
  readonly podMetricsEndpoints?: readonly { readonly port?: string }[];
  readonly tls?: readonly { readonly hosts?: readonly string[] }[];
  readonly rules?: readonly IngressRule[];
}

export interface PodSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly { readonly key: string; readonly values?: readonly string[] }[];
}

interface IngressRule {
  readonly host?: string;
  readonly http?: { readonly paths: readonly { readonly path?: string }[] };
}

interface PodTemplate {
  readonly metadata?: { readonly labels?: Labels };
  readonly spec: {
    readonly containers: readonly Container[];
    readonly automountServiceAccountToken?: boolean;
    readonly serviceAccountName?: string;
    readonly terminationGracePeriodSeconds?: number;
  };
}

export interface Container {
  readonly name: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: ValueSource }[];
  readonly envFrom?: readonly {
    readonly configMapRef?: { readonly name: string };
    readonly secretRef?: { readonly name: string };
  }[];
  readonly resources?: { readonly requests?: Labels; readonly limits?: Labels };
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
}

interface ValueSource {
  readonly secretKeyRef?: { readonly name: string; readonly key: string };
  readonly configMapKeyRef?: { readonly name: string; readonly key: string };
}

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: number | string };
  readonly tcpSocket?: { readonly port: number | string };
}

/** Something that makes pods. */
export interface Workload {
  /** As a person names it, e.g. `Deployment ingress`. */
  readonly title: string;
  readonly kind: string;
  readonly name: string;
  readonly template: PodTemplate;
  readonly labels: Labels;
}

/** Every object that makes pods. */
export function workloadsOf(objects: readonly KubernetesObject[]): readonly Workload[] {
  return objects.flatMap(({ kind, metadata: { name }, spec }) => {
    const template = spec?.template ?? spec?.jobTemplate?.spec?.template;
    if (!template) return [];
    return [{ title: `${kind} ${name}`, kind, name, template, labels: template.metadata?.labels ?? {} }];
  });
}

/** Whether all of the wanted labels are there. */
export function hasLabels(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** For each label that a selector asks for, the values that will do. */
export function askedBy({ matchLabels = {}, matchExpressions = [] }: PodSelector): readonly AskedLabel[] {
  return [
    ...Object.entries(matchLabels).map(([key, value]) => ({ key, values: [value] })),
    ...matchExpressions.map(({ key, values = [] }) => ({ key, values })),
  ];
}

export interface AskedLabel {
  readonly key: string;
  readonly values: readonly string[];
}

/** Names of ours that a selector asks for and no pod has. Those of operators are known to the operators alone. */
export function absentPods(selector: PodSelector, workloads: readonly Workload[]): readonly string[] {
  return askedBy(selector)
    .filter(({ key }) => key.startsWith('app.kubernetes.io/'))
    .flatMap(({ key, values }) => values.filter((value) => !workloads.some(({ labels }) => labels[key] === value)));
}

/** The labels by which a Service, a PodDisruptionBudget or a Deployment finds its pods. */
export function selectedBy(spec: ObjectSpec | undefined): Labels {
  const selector = spec?.selector ?? {};
  return 'matchLabels' in selector ? ((selector.matchLabels as Labels | undefined) ?? {}) : (selector as Labels);
}
